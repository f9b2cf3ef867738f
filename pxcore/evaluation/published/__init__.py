"""The results of the PXPermute paper, with our statistics computed on its recorded numbers.

``figures.json`` holds numbers only. Source: Shetab Boushehri et al., PXPermute reveals staining
importance in multichannel imaging flow cytometry, Cell Reports Methods 4, 2024, and the tables and
printed outputs in marrlab/pxpermute at dc90af1. The folds recorded there are of an earlier run
than the one the figures show; of the latter only scaled means are left, and of occlusion nothing
else.
"""

from pxcore.evaluation.published.results import DOI, SOURCE, published_sets

__all__ = ["DOI", "SOURCE", "published_sets"]
