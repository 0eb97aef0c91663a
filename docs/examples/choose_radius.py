"""Choose the radius for a noise, and compare the error with the one that was promised."""

import numpy as np
import torch

from chromamol import MollifierLayer
from chromamol.mollifiers.radius import suitable_radius

spacing, wavelength, noise = (0.02, 0.025), 0.8, 0.01  # noise relative to the field
radius, promised = suitable_radius("laplacian", spacing, wavelength=wavelength, noise=noise)

# A field of 50 waves of that length in all directions, and its Laplacian.
random = np.random.default_rng(0)
y, x = spacing[0] * np.arange(160)[:, None], spacing[1] * np.arange(120)[None, :]
k = 2 * np.pi / wavelength
field = sum(
    np.cos(k * (np.sin(angle) * y + np.cos(angle) * x) + phase)
    for angle, phase in random.uniform(0, 2 * np.pi, (50, 2))
)
truth = -(k**2) * field
noisy = field + noise * field.std() * random.standard_normal(field.shape)

layer = MollifierLayer(spacing, radius, ("laplacian",), boundary="extend")
laplacian = layer(torch.tensor(noisy)[None, None])["laplacian"][0, 0].numpy()
inner = truth[radius[0] : -radius[0], radius[1] : -radius[1]]
measured = np.linalg.norm(laplacian - inner) / np.linalg.norm(inner)
print(f"radius (y, x) {radius}: relative error {promised:.3f} promised, {measured:.3f} measured")
