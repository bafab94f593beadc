"""The claims that every study is asked, whether or not it declares its own."""

from paribus.claims.catalogue.claims import CLAIMS, Claim


__all__ = ["CLAIMS", "Claim"]
