"""The demo's modules as `python demo/generate_data.py` sees them."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "sdk" / "python")]
