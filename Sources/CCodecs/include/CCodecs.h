#pragma once
// libpng and libjpeg behind plain functions: memory or an open file in, pixels or a status and one line of text out.
// Both libraries report errors by longjmp; it never leaves these C files, and no function calls back into its caller.
#include <stddef.h>
#include <stdint.h>

enum {
  CC_OK = 0,
  CC_DAMAGED = 1,      // the data contradict themselves
  CC_TRUNCATED = 2,    // the data end too early
  CC_TOO_LARGE = 3,    // more memory or work than allowed
  CC_UNSUPPORTED = 4,  // a kind of picture that is not read
  CC_NO_MEMORY = 5,
  CC_UNREADABLE = 6,  // the file could not be read
};

typedef struct {
  int status;         // CC_...
  int system_error;   // CC_UNREADABLE: errno
  int warning_count;  // what the library complained of and went on
  char message[200];  // the error
  char warning[200];  // the first warning
} cc_report;

typedef struct {
  uint32_t width, height;
  int depth;       // bits a sample
  int components;  // samples a pixel (1 for a palette)
  int is_arithmetic;
  size_t coefficients;  // JPEG: bytes of the coefficients that are held until the last scan; 0 where there is one scan
} cc_header;

typedef struct {
  uint32_t max_width, max_height;
  size_t max_memory;  // bytes the library may hold besides the caller's pixels
  uint64_t max_work;  // JPEG: scans times pixels
  int max_scans;      // JPEG
} cc_limits;

typedef struct {
  size_t held;   // bytes that are in memory: the first
  size_t count;  // bytes of the whole picture
  int file;      // has the rest; not used where all are held
} cc_extent;

/// Reads what comes before the pixels of a PNG.
int cc_png_header(const uint8_t *bytes, cc_extent extent, cc_limits limits, cc_header *header, cc_report *report);
/// Decodes a PNG into 4 * width * height samples RGBA of 16 bits: at depth 16 as stored, else 8 bits in each.
int cc_png_rgba(const uint8_t *bytes, cc_extent extent, cc_limits limits, uint16_t *pixels, size_t capacity,
                cc_report *report);
/// Decodes a PNG into 3 * width * height bytes RGB over a background colour.
int cc_png_rgb(const uint8_t *bytes, cc_extent extent, cc_limits limits, const uint8_t background[3], uint8_t *pixels,
               size_t capacity, cc_report *report);
/// Decodes a grey or palette PNG of up to 8 bits into width * height samples as stored.
int cc_png_indices(const uint8_t *bytes, cc_extent extent, cc_limits limits, uint8_t *pixels, size_t capacity,
                   cc_report *report);
/// Encodes 8-bit samples, 1 (grey or indices) or 3 (RGB) a pixel; a palette has palette_count RGB colours.
/// *encoded is to be freed with cc_free.
int cc_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int components, const uint8_t *palette,
                  int palette_count, int compression, uint8_t **encoded, size_t *count, cc_report *report);

/// Reads what comes before the pixels of a JPEG.
int cc_jpeg_header(const uint8_t *bytes, size_t count, cc_limits limits, cc_header *header, cc_report *report);
/// The size of a picture decoded at 1/denominator.
uint32_t cc_jpeg_scaled(uint32_t size, int denominator);
/// Decodes a JPEG at 1/denominator (1, 2, 4, 8) into RGB bytes.
int cc_jpeg_rgb(const uint8_t *bytes, size_t count, cc_limits limits, int denominator, uint8_t *pixels,
                size_t capacity, cc_report *report);
/// Encodes RGB bytes as a baseline JPEG. *encoded is to be freed with cc_free.
int cc_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t **encoded,
                   size_t *count, cc_report *report);

void cc_free(uint8_t *encoded);

/// From now on a freed block of 4 MiB or more goes back to the operating system at once, where the C library can.
void cc_return_large_blocks(void);

/// The library that runs, such as 1.6.48.
const char *cc_png_version(void);
/// The library that this was compiled against, such as "libjpeg-turbo 2.1.5": libjpeg does not tell which one runs.
const char *cc_jpeg_version(void);
