"""Two embedders in one file: dlib's network, whitened, beside our own."""
