#!/usr/bin/env python3
"""Makes the MMDB files of the tests. Run it by hand, with `pip install mmdb_writer netaddr`; the files are committed."""

from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet

HERE = Path(__file__).parent

owners = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-ASN", int_type="u32")
for network, number, name in [
    ("203.0.113.0/24", 64496, "Example Hosting"),
    ("2001:db8:1::/48", 64497, "Example Six"),
    ("192.0.2.0/24", 14061, "An example of a VPS provider"),
]:
    owners.insert_network(
        IPSet([network]), {"autonomous_system_number": number, "autonomous_system_organization": name}
    )
owners.to_db_file(str(HERE / "documentation.mmdb"))

countries = MMDBWriter(ip_version=4, database_type="Test-Country")
countries.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "XX"}})
countries.to_db_file(str(HERE / "countries.mmdb"))
