"""What can be ordered, and at what price."""

from msgspec import Struct


class Product(Struct, frozen=True):
    """A thing on the price list; `price` is in euros, net, for one package."""

    id: int
    name: str
    material: str
    price: float
    package: int = 1
    most: int = 1000  # packages in an order
    yearly: float = 0.0


TOP_UP = Product(5001, "1NCE Top Up - 500 MB and 250 SMS", "1NCE Top Up", 10.0)
PRODUCTS = (
    Product(1001, "1NCE IoT FlexSIM - Standard", "1NCE FlexSIM", 10.0),
    Product(1002, "1NCE IoT FlexSIM - Industrial", "1NCE FlexSIM Industrial", 11.0),
    Product(1003, "1NCE IoT FlexSIM - Embedded", "1NCE SIM Chip MFF2", 1150.0, package=100, most=50),
    Product(1010, "1NCE VPN", "1NCE Service", 0.0, most=1, yearly=120.0),
    TOP_UP,
)
BY_ID = {product.id: product for product in PRODUCTS}
VAT = 1.19


def gross(items: list[tuple[int, int]]) -> str:
    """What an invoice over these products and numbers of them amounts to, in euros with tax: "19.99"."""
    return f"{sum(BY_ID[id_].price * quantity for id_, quantity in items) * VAT:.2f}"
