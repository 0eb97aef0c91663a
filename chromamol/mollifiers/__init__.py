"""Mollifier kernels, their derivatives, and the layer that convolves with them."""
