# SPDX-License-Identifier: Apache-2.0
"""What independent programs say of pairs of masks, for peer_data_test.cc: one JSON list, in one process.

    peer_driver.py metrics METRICS_PY FOLDER COUNT    METRICS_PY, the peer, and NumPy formulas
    peer_driver.py lesions METRICS_PY FOLDER COUNT    detection by scipy.ndimage.label
FOLDER holds p0.nii and r0.nii, p1.nii and r1.nii, ...; the structure is label 1.
"""
import contextlib
import importlib.util
import io
import json
import sys

import nibabel as nib
import numpy as np
from scipy import ndimage

PATH_TOLERANCE_MM = 1.5
MIN_IOUS = (0, 0.1, 0.5)


def ask_peer(peer, prediction, reference):
    sys.argv = ["metrics.py", prediction, reference, "--label", "1"]
    with contextlib.redirect_stdout(io.StringIO()) as text:
        peer.main()
    return json.loads(text.getvalue())


def surface_distances(a, b, spacing):
    cross = ndimage.generate_binary_structure(3, 1)
    border = lambda m: m & ~ndimage.binary_erosion(m, cross)
    return ndimage.distance_transform_edt(~border(b), sampling=spacing)[border(a)]


def added_path_length(p, r, spacing, tolerance):
    cross, pixels = ndimage.generate_binary_structure(2, 1), 0
    for k in range(p.shape[2]):
        contour_p, contour_r = (m[:, :, k] & ~ndimage.binary_erosion(m[:, :, k], cross) for m in (p, r))
        away = np.full(contour_p.shape, np.inf)
        if contour_p.any():
            away = ndimage.distance_transform_edt(~contour_p, sampling=spacing[:2])
        pixels += int((away[contour_r] > tolerance + 1e-6).sum())
    return pixels * float(spacing[0] + spacing[1]) / 2


def formulas(p, r, affine, spacing):
    both, either, voxel_ml = (p & r).sum(), (p | r).sum(), float(np.prod(spacing)) / 1000
    pooled = np.hstack([surface_distances(p, r, spacing), surface_distances(r, p, spacing)])
    centre = lambda m: nib.affines.apply_affine(affine, np.argwhere(m).mean(axis=0))
    return dict(jaccard=both / either, voe=1 - both / either, rvd=p.sum() / r.sum() - 1,
                rmsd_mm=np.sqrt(np.mean(pooled**2)), centroid_distance_mm=np.linalg.norm(centre(p) - centre(r)),
                volume_ml=p.sum() * voxel_ml, reference_ml=r.sum() * voxel_ml,
                volume_error_ml=(float(p.sum()) - float(r.sum())) * voxel_ml,
                added_path_length_mm=added_path_length(p, r, spacing, 0),
                added_path_length_at_tolerance_mm=added_path_length(p, r, spacing, PATH_TOLERANCE_MM))


def components(mask):
    """Masks of the parts that hang together by corners, by first voxel with i fastest."""
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    parts = [labels == n for n in range(1, count + 1)]
    return sorted(parts, key=lambda part: np.flatnonzero(part.ravel(order="F"))[0])


def detection(p, r, affine, voxel_mm3):
    predicted, referred = components(p), components(r)
    partner = []
    for part in predicted:
        shared = [int((part & other).sum()) for other in referred]
        partner.append(int(np.argmax(shared)) if any(shared) else None)
    iou = []
    for n, other in enumerate(referred):
        joined = np.zeros_like(r)
        for part, to in zip(predicted, partner):
            joined |= part & (to == n)
        iou.append(float((joined & other).sum() / (joined | other).sum()))
    describe = lambda part: dict(volume_ml=part.sum() * voxel_mm3 / 1000,
                                 diameter_mm=2 * (3 * part.sum() * voxel_mm3 / 4 / np.pi) ** (1 / 3),
                                 centroid_ras=list(nib.affines.apply_affine(affine, np.argwhere(part).mean(axis=0))))
    found = {str(least): [bool((p & other).any()) if least == 0 else x >= least for x, other in zip(iou, referred)]
             for least in MIN_IOUS}
    return dict(partner=partner, iou=iou, detected=found, references=[describe(x) for x in referred],
                predictions=[describe(x) for x in predicted])


def main():
    mode, metrics_py, folder, count = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("peer", metrics_py)
    peer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peer)
    answers = []
    for n in range(int(count)):
        files = [f"{folder}/{which}{n}.nii" for which in "pr"]
        images = [nib.load(file) for file in files]
        p, r = (np.asarray(image.dataobj) == 1 for image in images)
        affine, spacing = images[1].affine, np.asarray(images[1].header.get_zooms()[:3], dtype=float)
        if mode == "metrics":
            answers.append(dict(peer=ask_peer(peer, *files), formulas=formulas(p, r, affine, spacing)))
        else:
            answers.append(detection(p, r, affine, float(np.prod(spacing))))
    print(json.dumps(answers, default=float))


if __name__ == "__main__":
    main()
