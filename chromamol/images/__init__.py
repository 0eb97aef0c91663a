"""Reading images, finding nuclei, and telling which channel shows what."""
