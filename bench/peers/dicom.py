# SPDX-License-Identifier: Apache-2.0
"""The usual Python way with a CT series and an RTSTRUCT, timed beside Hepar in one run, medians of the repeats:
   dicom.py HEPAR CT_FOLDER LABELS [REPEATS]
   read: pydicom and a stack of pixel arrays; write: scikit-image's contours of 1-3, 2 and 3 through the pixels at
   0.5 and a data set made by pydicom. Neither reads back nor compares; `hepar convert` does both.
   Needs pydicom, NumPy, nibabel and scikit-image."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import nibabel
import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian, generate_uid
from skimage import measure


def read_series(folder):
    slices = [pydicom.dcmread(os.path.join(folder, name)) for name in os.listdir(folder)]
    slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
    hu = numpy.stack([s.pixel_array * s.RescaleSlope + s.RescaleIntercept for s in slices])
    return slices, hu


def contours_of(mask, dataset):
    position, spacing = dataset.ImagePositionPatient, dataset.PixelSpacing
    items = []
    for loop in measure.find_contours(numpy.pad(mask, 1).astype(float), 0.5):
        points = numpy.column_stack([position[0] + (loop[:, 1] - 1) * spacing[1],
                                     position[1] + (loop[:, 0] - 1) * spacing[0],
                                     numpy.full(len(loop), float(position[2]))])
        item = Dataset()
        item.ContourGeometricType = "CLOSED_PLANAR"
        item.NumberOfContourPoints = len(points)
        item.ContourData = [f"{value:.3f}" for value in points.ravel()]
        items.append(item)
    return items


def write_structures(slices, labels, file):
    rois = []
    for values in ([1, 2, 3], [2], [3]):
        mask = numpy.isin(labels, values)
        roi = Dataset()
        roi.ContourSequence = Sequence(
            [item for k, dataset in enumerate(slices) if mask[k].any() for item in contours_of(mask[k], dataset)])
        rois.append(roi)
    structures = Dataset()
    structures.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    structures.SOPInstanceUID = generate_uid()
    structures.ROIContourSequence = Sequence(rois)
    structures.file_meta = FileMetaDataset()
    structures.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    structures.is_little_endian, structures.is_implicit_VR = True, True
    pydicom.dcmwrite(file, structures, write_like_original=False)


def seconds(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main():
    hepar, ct, labels_file = sys.argv[1:4]
    repeats = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    labels = numpy.asarray(nibabel.load(labels_file).dataobj).transpose(2, 1, 0)
    times = {"hepar: labels and CT to RTSTRUCT, checked": [], "hepar: list the series": [],
             "Python: read the series": [], "Python: write the RTSTRUCT, unchecked": []}
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "rs.dcm")
        commands = {"hepar: labels and CT to RTSTRUCT, checked":
                        [hepar, "convert", labels_file, "--reference", ct, "-o", out, "--quiet"],
                    "hepar: list the series": [hepar, "series", ct, "--quiet"]}
        for _ in range(repeats):
            for name, command in commands.items():
                times[name].append(seconds(lambda: subprocess.run(command, check=True))[0])
            taken, (slices, _hu) = seconds(lambda: read_series(ct))
            times["Python: read the series"].append(taken)
            write = lambda: write_structures(slices, labels, os.path.join(folder, "python.dcm"))
            times["Python: write the RTSTRUCT, unchecked"].append(seconds(write)[0])
    for name, values in times.items():
        print(f"{name}: {statistics.median(values):.2f} s")
    of = lambda name: statistics.median(times[name])
    python = of("Python: read the series") + of("Python: write the RTSTRUCT, unchecked")
    print(f"ratio: {python / of('hepar: labels and CT to RTSTRUCT, checked'):.1f}")


main()
