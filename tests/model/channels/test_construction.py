"""The embedded table tells which of its sectors builds."""

import hinterland as hl


def test_construction_is_a_service_to_deliver_with_a_role_of_its_own():
    table = hl.load_china(level="province")
    roles = dict(zip(table.sectors, table.data["sector_role"].values.tolist(), strict=True))
    assert [name for name, role in roles.items() if role == "construction"] == ["Construction"]
    assert not hl.SectorRoles.of_table(table).goods[table.sectors.index("Construction")]
