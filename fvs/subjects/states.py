"""Who issues travel documents: ISO 3166-1 alpha-3, and the codes that ICAO adds.

Source: ICAO Doc 9303-3 (8th edition), section 5, whose parts are named below.
"""

from __future__ import annotations

__all__ = ["GERMANY", "ISSUERS", "NATIONALITIES", "canonical_state"]

GERMANY = "D"
"""Doc 9303 part A: Germany alone has one letter, and does not use ISO's DEU."""

_ISO_3166_1 = """
ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD
BGR BHR BHS BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR
COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH
ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL
GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR
JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR
MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL
NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY
PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP
SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA
UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
"""
_BRITISH = frozenset({"GBD", "GBN", "GBO", "GBP", "GBS"})
_ORGANISATIONS = "EUE UNA UNK UNO XBA XCC XCE XCO XDC XEC XES XIM XMP XOM XPO"
"""European Union, United Nations and the bodies of part D."""

_KOSOVO = "RKS"
"""In use on Kosovo's own passports, though Doc 9303 does not list it."""

_SPECIMEN = "UTO"
"""Utopia, the state of ICAO's own specimens; a deployment may refuse it, this format does not."""

_WITHOUT_NATIONALITY = frozenset({"XXA", "XXB", "XXC", "XXX"})
"""Stateless, refugee (1951 convention), refugee (other), unspecified: people, never issuers."""

ISSUERS = (
    (frozenset(_ISO_3166_1.split()) - {"DEU"})
    | _BRITISH
    | frozenset(_ORGANISATIONS.split())
    | {GERMANY, _KOSOVO, _SPECIMEN}
)
"""Codes that may issue a document, as written without fillers."""

NATIONALITIES = ISSUERS | _WITHOUT_NATIONALITY
"""Codes that a holder may have."""


def canonical_state(field: str) -> str:
    """A three-character field as one of the codes, or as something that is none.

    Fillers go, and ISO's DEU becomes `D`, so that one document has one identifier.
    """
    code = field.rstrip("<")
    return GERMANY if code == "DEU" else code
