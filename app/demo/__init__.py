"""The demo township: public region codes of a real district, invented people, accounts that exist nowhere else."""

from pathlib import Path

REGIONS = Path(__file__).parent / "regions_yiling.csv"  # public statistical codes of one district: 1 county, 14 towns, 210 villages
