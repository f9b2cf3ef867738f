"""Every figure of a clustering, as `test_figures` draws them all."""

from __future__ import annotations

import numpy as np

import tests.unlabelled_values as un
from pxcore.plots import unlabelled_codes as codes
from pxcore.plots import unlabelled_figures as figures
from pxcore.plots import unlabelled_pictures as pictures

DRAWN = {
    "codes_by_cluster": lambda p, k, _r, t: codes.codes_map(un.result(p, k), codes.CLUSTER, t),
    "codes_by_class": lambda p, k, _r, t: codes.codes_map(un.result(p, k), codes.KNOWN, t),
    "codes_by_channel": lambda p, k, _r, t: codes.codes_map(
        un.result(p, k), codes.colourings(un.result(p, k))[-2], t
    ),
    "bic": lambda _p, _k, _r, t: figures.bic_curve(un.result().bic, 3, t),
    "loss": lambda _p, _k, _r, t: figures.loss_curve(un.live(), t),
    "against_classes": lambda _p, k, _r, t: figures.against_classes(un.match(k), k, t),
    "cluster_ranking": lambda p, k, _r, t: figures.ranking_dots(un.result(p, k), un.ranking(p), t),
    "redrawn": lambda p, _k, _r, t: pictures.redrawn_sheet(
        un.live(p).redrawn, range(len(p)), p.names, t
    ),
    "cluster_maps": lambda p, _k, _r, t: pictures.maps_sheet(
        un.maps(np.arange(4), p), 1, (0.0, 4000.0), t
    ),
}
