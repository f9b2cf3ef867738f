"""The commands of ``python -m pxcore``, through the same door as the pages."""
