# SPDX-License-Identifier: Apache-2.0
"""What pydicom says of our DICOM objects. Prints nothing and returns 0 when all is well.

check_objects.py references OBJECT CT_FOLDER   values and references to the CT
check_objects.py equal FOLDER FILE..           of each file there is one in the folder with the same attributes
check_objects.py same-bytes FOLDER FILE..      ... with the same data set, byte for byte
"""
import pathlib
import sys

import pydicom


def all_elements(dataset):
    for element in dataset:
        yield dataset, element
        if element.VR == "SQ":
            for item in element.value:
                yield from all_elements(item)


def check_references(object_file, ct_folder):
    ct = [pydicom.dcmread(f, stop_before_pixels=True) for f in sorted(pathlib.Path(ct_folder).iterdir())]
    slices = {d.SOPInstanceUID for d in ct}
    dataset = pydicom.dcmread(object_file)
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate"):
        assert dataset[keyword].value == ct[0][keyword].value, keyword
    assert dataset.SeriesInstanceUID != ct[0].SeriesInstanceUID
    referenced = set()
    for parent, element in all_elements(dataset):
        if element.VR == "DS":
            values = element.value if element.VM > 1 else [element.value]
            assert all(len(str(v)) <= 16 for v in values if v is not None), element.keyword
        if element.keyword == "ReferencedSOPInstanceUID" and "RTReferencedSeriesSequence" not in parent:
            assert parent.ReferencedSOPClassUID == ct[0].SOPClassUID
            referenced.add(element.value)
        if "FrameOfReferenceUID" in element.keyword:
            assert element.value == ct[0].FrameOfReferenceUID, element.keyword
    assert referenced and referenced <= slices, f"{len(referenced - slices)} references to nowhere"
    if dataset.Modality == "RTSTRUCT":
        assert referenced == slices
        for roi in dataset.ROIContourSequence:
            for contour in roi.ContourSequence:
                assert len(contour.ContourData) == 3 * contour.NumberOfContourPoints


def data_set_bytes(file):
    content = pathlib.Path(file).read_bytes()
    assert content[128:132] == b"DICM"
    # Group length of the file meta information: an explicit UL, 12 bytes after the prefix.
    return content[144 + int.from_bytes(content[140:144], "little"):]


def check_equal(a, b):
    a, b = pydicom.dcmread(a), pydicom.dcmread(b)
    assert len(a) > 10
    assert a == b


def check_same_bytes(a, b):
    a, b = data_set_bytes(a), data_set_bytes(b)
    assert len(a) > 1000
    assert a == b


if sys.argv[1] == "references":
    check_references(*sys.argv[2:])
else:
    check = {"equal": check_equal, "same-bytes": check_same_bytes}[sys.argv[1]]
    for file in map(pathlib.Path, sys.argv[3:]):
        check(file, pathlib.Path(sys.argv[2], file.name))
