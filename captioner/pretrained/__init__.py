"""Weights that others trained, read into our encoders: ImageNet's and CheXNet's."""
