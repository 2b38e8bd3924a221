"""Functions of Tensors: programs of array primitives, replayed on buffers that are kept."""
