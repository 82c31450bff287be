"""Two embedders in one file: dlib's network, centred, beside our own."""
