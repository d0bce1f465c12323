# SPDX-License-Identifier: Apache-2.0
# Finds the few libraries of ITK 5 that read NRRD and MetaImage, without ITK's own package file, which brings
# in every module and, on Debian, FFTW under the GPL. Defines the target ItkIo::ItkIo and, for tests that
# compare with ITK's NIfTI reader, ItkIo::Nifti.

set(_itkio_minors 5.9 5.8 5.7 5.6 5.5 5.4 5.3 5.2 5.1)
list(TRANSFORM _itkio_minors PREPEND "ITK-" OUTPUT_VARIABLE _itkio_folders)
find_path(ItkIo_INCLUDE_DIR itkImageIOBase.h PATH_SUFFIXES ${_itkio_folders})
mark_as_advanced(ItkIo_INCLUDE_DIR)
# "/usr/include/ITK-5.2" gives the suffix of the libraries, "-5.2".
string(REGEX MATCH "-[0-9]+[.][0-9]+$" _itkio_suffix "${ItkIo_INCLUDE_DIR}")

set(_itkio_variables ItkIo_INCLUDE_DIR)
set(_itkio_libraries "")
foreach(_itkio_name IN ITEMS ITKIONRRD ITKIOMeta ITKIOImageBase ITKCommon itksys itkvnl)
  find_library(ItkIo_${_itkio_name} NAMES ${_itkio_name}${_itkio_suffix})
  mark_as_advanced(ItkIo_${_itkio_name})
  list(APPEND _itkio_variables ItkIo_${_itkio_name})
  list(APPEND _itkio_libraries "${ItkIo_${_itkio_name}}")
endforeach()

find_library(ItkIo_ITKIONIFTI NAMES ITKIONIFTI${_itkio_suffix})
mark_as_advanced(ItkIo_ITKIONIFTI)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ItkIo REQUIRED_VARS ${_itkio_variables})
if(ItkIo_FOUND AND NOT TARGET ItkIo::ItkIo)
  add_library(ItkIo::ItkIo INTERFACE IMPORTED GLOBAL)
  target_include_directories(ItkIo::ItkIo INTERFACE ${ItkIo_INCLUDE_DIR})
  target_link_libraries(ItkIo::ItkIo INTERFACE ${_itkio_libraries})
  if(ItkIo_ITKIONIFTI)
    add_library(ItkIo::Nifti INTERFACE IMPORTED GLOBAL)
    target_link_libraries(ItkIo::Nifti INTERFACE ItkIo::ItkIo ${ItkIo_ITKIONIFTI})
  endif()
endif()
