"""The benchmark on drawn images: ordinary data sets and ordinary runs, put into one table."""
