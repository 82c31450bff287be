"""Our own face embedder: distilled from a teacher, then pushed apart where the teacher is weak."""
