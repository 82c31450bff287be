"""Turns dlib's face recognition network (CC0-1.0) from its own file format into ONNX.

`stream` reads the primitives of dlib's serialisation, `resnet` the one network that we want,
`graph` writes it as ONNX, and `install` finds the file and puts the result into a model folder.
Nothing here runs when faces are verified.
"""

__all__: list[str] = []
