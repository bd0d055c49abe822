"""Parameters of a question that mean something at Algolia and not here."""

from typing import Final

IGNORED: Final = frozenset(
    {
        "advancedSyntax",
        "advancedSyntaxFeatures",
        "allowTyposOnNumericTokens",
        "alternativesAsExact",
        "analytics",
        "analyticsTags",
        "aroundPrecision",
        "aroundRadius",
        "attributeCriteriaComputedByMinProximity",
        "cacheable",
        "decompoundQuery",
        "disableExactOnAttributes",
        "disableTypoToleranceOnAttributes",
        "enableABTest",
        "enableReRanking",
        "enableRules",
        "exactOnSingleWordQuery",
        "explain",
        "extensions",
        "facetingAfterDistinct",
        "getRankingInfo",
        "ignorePlurals",
        "keepDiacriticsOnCharacters",
        "minProximity",
        "minWordSizefor1Typo",
        "minWordSizefor2Typos",
        "minimumAroundRadius",
        "optionalFilters",
        "optionalWords",
        "percentileComputation",
        "personalizationImpact",
        "reRankingApplyFilter",
        "relevancyStrictness",
        "removeStopWords",
        "removeWordsIfNoResults",
        "replaceSynonymsInHighlight",
        "restrictHighlightAndSnippetArrays",
        "ruleContexts",
        "semanticSearch",
        "sumOrFiltersScores",
    }
)
"""They change how hits are ranked, counted or explained there, not which products pass: here they do nothing."""
REFUSED: Final = frozenset(
    {
        "aroundLatLng",
        "aroundLatLngViaIP",
        "insideBoundingBox",
        "insidePolygon",
        "restrictSearchableAttributes",
        "similarQuery",
    }
)
"""They change which products are found, and are not here: leaving them out would show what was not asked for."""
