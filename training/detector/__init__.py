"""Our own face detector with five landmarks, taught by a reference detector on composed frames."""
