# SPDX-License-Identifier: Apache-2.0
"""The usual Python way with a CT series and an RTSTRUCT, beside bench/dicom_bench in one run, medians of the repeats:

    /usr/bin/python3 bench/peers/dicom.py build/release/bench/dicom_bench CT_FOLDER LABELS [REPEATS]

Read: pydicom and a stack of pixel arrays. Write: scikit-image's contours at 0.5 of 1-3, 2 and 3, and a data set made by
pydicom; it neither reads back nor compares, which Hepar's time holds. Needs pydicom, NumPy, nibabel and scikit-image.
"""
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
    bench, ct, labels_file = sys.argv[1:4]
    repeats = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    labels = numpy.asarray(nibabel.load(labels_file).dataobj).transpose(2, 1, 0)
    times = {name: [] for name in ("read_series_s", "rtstruct_checked_s", "seg_checked_s", "python read_series_s",
                                   "python rtstruct_unchecked_s")}
    for _ in range(repeats):
        printed = subprocess.run([bench, ct, labels_file, "1"], check=True, capture_output=True, text=True).stdout
        for line in printed.splitlines():
            name, value = line.split()
            times[name].append(float(value))
        taken, (slices, _hu) = seconds(lambda: read_series(ct))
        times["python read_series_s"].append(taken)
        with tempfile.TemporaryDirectory() as folder:
            write = lambda: write_structures(slices, labels, os.path.join(folder, "python.dcm"))
            times["python rtstruct_unchecked_s"].append(seconds(write)[0])
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        print(f"{name} {value:.2f}")
    print(f"ratio, reading: {medians['python read_series_s'] / medians['read_series_s']:.1f}")
    print(f"ratio, RTSTRUCT: {medians['python rtstruct_unchecked_s'] / medians['rtstruct_checked_s']:.1f}")


main()
