"""The napari plugin of chromamol: settings in, layers out."""
