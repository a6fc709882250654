"""Readers of comics on a desktop of their own, those that every run of the tests has."""

from clients import PAGES, harness
from readers import DesktopTest


class ReadersTest(DesktopTest):

    def test_mcomix(self):
        self.need("mcomix")
        self.read_book("mcomix", "mcomix", ["mcomix"], most=PAGES, turn=["Page_Down"])

    def test_zathura(self):
        self.need("zathura")
        self.read_book("zathura-cb", "zathura-cb", ["zathura"], most=PAGES, turn=["J"])


if __name__ == "__main__":
    harness.main()
