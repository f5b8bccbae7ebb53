#include <stdio.h>

#include <jpeglib.h>
#include <png.h>

#include "CCodecs.h"

#define TEXT(x) #x
#define VALUE(x) TEXT(x)

const char *cc_png_version(void) { return png_get_libpng_ver(NULL); }

#ifdef LIBJPEG_TURBO_VERSION
const char *cc_jpeg_version(void) { return "libjpeg-turbo " VALUE(LIBJPEG_TURBO_VERSION); }
#else
const char *cc_jpeg_version(void) { return "libjpeg " VALUE(JPEG_LIB_VERSION); }
#endif
