"""The index by meaning: passages, their vectors, and Chroma that keeps them."""
