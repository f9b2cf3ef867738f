"""The training mean of each channel: see :mod:`pxcore.training.means`."""

from pxcore.training.means import channel_means

__all__ = ["channel_means"]
