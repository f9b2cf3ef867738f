"""What to cite for what a run did."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "ADJUSTED_RAND", "BIC", "CLUSTERS", "GRADCAM", "INTERVALS", "METHODS", "MODELS", "PANELS",
    "PXPERMUTE", "REFINED", "REMOVAL", "TSNE",
]  # fmt: skip

PXPERMUTE = (
    "Shetab Boushehri et al., PXPermute reveals staining importance in multichannel imaging flow "
    "cytometry, Cell Reports Methods 4, 2024"
)
EMBEDDING = (
    "Abdel Magid et al., Channel embedding for informative protein identification from highly "
    "multiplexed images, MICCAI 2020"
)
RESNET = "He et al., Deep residual learning for image recognition, CVPR 2016"
GRADCAM = (
    "Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based "
    "localization, ICCV 2017"
)
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "pxpermute": PXPERMUTE,
        "pxpermute_mask": PXPERMUTE,
        "permute_cells": "Breiman, Random forests, Machine Learning 45, 2001",
        "occlusion": PXPERMUTE,
        "integrated_gradients": "Sundararajan, Taly and Yan, Axiomatic attribution for deep "
        "networks, ICML 2017",
        "deeplift": "Shrikumar, Greenside and Kundaje, Learning important features through "
        "propagating activation differences, ICML 2017",
        "guided_gradcam": GRADCAM,
        "gradcam_channel": GRADCAM,
        "channel_embedding": EMBEDDING,
        "input_gradient": "Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks: "
        "visualising image classification models and saliency maps, 2013",
        "lrp": "Bach et al., On pixel-wise explanations for non-linear classifier decisions by "
        "layer-wise relevance propagation, PLOS ONE 10, 2015",
        "shapley": "Covert, Lundberg and Lee, Understanding global feature contributions with "
        "additive importance measures, NeurIPS 2020",
        "leave_one_out": "Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-free "
        "predictive inference for regression, Journal of the American Statistical Association "
        "113, 2018",
    }
)
"""By the id of a method."""
MODELS: Mapping[str, str] = MappingProxyType(
    {
        "resnet18": RESNET,
        "resnet50": RESNET,
        "channel_embedding": EMBEDDING,
        "bsn": EMBEDDING,
        "r3d_18": "Tran et al., A closer look at spatiotemporal convolutions for action "
        "recognition, CVPR 2018",
    }
)
INTERVALS = "Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003"
REMOVAL = (
    "Hooker, Erhan, Kindermans and Kim, A benchmark for interpretability methods in deep neural "
    "networks, NeurIPS 2019"
)
CLUSTERS = (
    "Zhang et al., Interpretable unsupervised learning enables accurate clustering with "
    "high-throughput imaging flow cytometry, Scientific Reports 13, 2023"
)
REFINED = (
    "Guo, Gao, Liu and Yin, Improved deep embedded clustering with local structure preservation, "
    "IJCAI 2017"
)
BIC = "Schwarz, Estimating the dimension of a model, Annals of Statistics 6, 1978"
ADJUSTED_RAND = "Hubert and Arabie, Comparing partitions, Journal of Classification 2, 1985"
TSNE = "van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9, 2008"
PANELS = (PXPERMUTE, INTERVALS)
"""Of the question which panel is enough."""
