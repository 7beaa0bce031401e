"""Files as people have them: unpacked, decoded, taken apart into rows, columns found by name."""
