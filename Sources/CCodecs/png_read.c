// For pread.
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <png.h>
#include <unistd.h>

#include "report.h"

typedef struct {
  jmp_buf jump;
  const uint8_t *bytes;
  cc_extent extent;
  size_t position;
  size_t held, max_held;  // of the library's memory
  int ended, starved;
  cc_report *report;
  png_structp png;
  png_infop info;
  uint8_t *row;
} reader;

static void on_error(png_structp png, png_const_charp text) {
  reader *r = png_get_error_ptr(png);
  if (r->report->system_error) {
    cc_fail(r->report, CC_UNREADABLE, "the file could not be read");
    longjmp(r->jump, 1);
  }
  int status = r->ended || strstr(text, "Not enough image data") ? CC_TRUNCATED
               : r->starved                                      ? CC_TOO_LARGE
                                                                 : CC_DAMAGED;
  char line[200];
  if (status == CC_TRUNCATED)
    snprintf(line, sizeof line, "PNG data end early, at byte %zu", r->position);
  else if (status == CC_TOO_LARGE)
    snprintf(line, sizeof line, "PNG needs more memory than the limit allows");
  else
    snprintf(line, sizeof line, "PNG is damaged near byte %zu (%s)", r->position, text);
  cc_fail(r->report, status, line);
  longjmp(r->jump, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  cc_warn(((reader *)png_get_error_ptr(png))->report, text);
}

static void on_read(png_structp png, png_bytep to, size_t count) {
  reader *r = png_get_io_ptr(png);
  size_t end = count > r->extent.count - r->position ? r->extent.count : r->position + count;
  while (r->position < end) {
    size_t part = end - r->position;
    if (r->position < r->extent.held) {
      if (part > r->extent.held - r->position) part = r->extent.held - r->position;
      memcpy(to, r->bytes + r->position, part);
    } else {
      ssize_t got = pread(r->extent.file, to, part, (off_t)r->position);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        r->report->system_error = errno;
        png_error(png, "not readable");
      }
      // The file was cut short meanwhile.
      if (got == 0) break;
      part = (size_t)got;
    }
    to += part;
    count -= part;
    r->position += part;
  }
  if (count > 0) {
    r->ended = 1;
    png_error(png, "data end early");
  }
}

// Every block remembers its size in front of itself.
static png_voidp on_allocate(png_structp png, png_alloc_size_t size) {
  reader *r = png_get_mem_ptr(png);
  if (size > r->max_held - r->held) {
    r->starved = 1;
    return NULL;
  }
  size_t *block = malloc(size + 16);
  if (!block) return NULL;
  *block = size;
  r->held += size;
  return (uint8_t *)block + 16;
}

static void on_free(png_structp png, png_voidp pointer) {
  if (!pointer) return;
  reader *r = png_get_mem_ptr(png);
  size_t *block = (size_t *)((uint8_t *)pointer - 16);
  r->held -= *block;
  free(block);
}

static reader *begin(const uint8_t *bytes, cc_extent extent, cc_limits limits, cc_report *report) {
  memset(report, 0, sizeof *report);
  reader *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  r->bytes = bytes;
  r->extent = extent;
  r->max_held = limits.max_memory;
  r->report = report;
  return r;
}

static void finish(reader *r) {
  if (r->png) png_destroy_read_struct(&r->png, &r->info, NULL);
  free(r->row);
  free(r);
}

// To be called behind the caller's own setjmp.
static void read_header(reader *r, cc_limits limits) {
  r->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, r, on_error, on_warning, r, on_allocate, on_free);
  if (!r->png) {
    cc_fail(r->report, r->starved ? CC_TOO_LARGE : CC_NO_MEMORY, "no memory for a PNG reader");
    longjmp(r->jump, 1);
  }
  r->info = png_create_info_struct(r->png);
  if (!r->info) png_error(r->png, "no memory");
  png_set_read_fn(r->png, r, on_read);
  png_set_user_limits(r->png, limits.max_width, limits.max_height);
  png_set_chunk_malloc_max(r->png, 0);  // on_allocate sees to memory; a long text chunk is only passed over
  png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  // A wrong checksum is an error in any chunk.
  png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(r->png, r->info);
}

int cc_png_header(const uint8_t *bytes, cc_extent extent, cc_limits limits, cc_header *header, cc_report *report) {
  memset(header, 0, sizeof *header);
  reader *r = begin(bytes, extent, limits, report);
  if (!r) return cc_fail(report, CC_NO_MEMORY, "no memory for a PNG reader");
  if (setjmp(r->jump)) {
    finish(r);
    return report->status;
  }
  read_header(r, limits);
  header->width = png_get_image_width(r->png, r->info);
  header->height = png_get_image_height(r->png, r->info);
  header->depth = png_get_bit_depth(r->png, r->info);
  header->components = png_get_channels(r->png, r->info);
  finish(r);
  return CC_OK;
}

typedef enum { wide_rgba, rgb_over, indices } output;

static size_t pixel_bytes(output kind) { return kind == indices ? 1 : kind == wide_rgba ? 8 : 3; }

// `step` pixels of the picture lie between two of the row.
static void store_row(output kind, const uint8_t *row, uint8_t *to, size_t width, size_t step, int is16,
                      const uint8_t *background) {
  if (kind == indices) {
    for (size_t i = 0; i < width; i++) to[i * step] = row[i];
    return;
  }
  if (kind == wide_rgba) {
    uint16_t *wide = (uint16_t *)(void *)to;
    for (size_t i = 0; i < 4 * width; i++)
      wide[i / 4 * step * 4 + i % 4] = is16 ? (uint16_t)(row[2 * i] << 8 | row[2 * i + 1]) : row[i];
    return;
  }
  for (size_t x = 0; x < width; x++, to += 3 * step) {
    uint32_t pixel[4];
    for (int c = 0; c < 4; c++) {
      const uint8_t *s = is16 ? row + 8 * x + 2 * c : row + 4 * x + c;
      pixel[c] = is16 ? (((uint32_t)s[0] << 8 | s[1]) * 255 + 32895) >> 16 : *s;
    }
    for (int c = 0; c < 3; c++)
      to[c] = (uint8_t)((pixel[c] * pixel[3] + background[c] * (255 - pixel[3]) + 127) / 255);
  }
}

// Every pass of an interlaced picture is a small picture, whose pixels go where they belong: no row need be kept.
static void read_pass(reader *r, output kind, const uint8_t *background, uint8_t *pixels, int pass) {
  uint32_t width = png_get_image_width(r->png, r->info), height = png_get_image_height(r->png, r->info);
  int is_interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
  size_t columns = is_interlaced ? PNG_PASS_COLS(width, pass) : width;
  size_t rows = is_interlaced ? PNG_PASS_ROWS(height, pass) : height;
  size_t left = is_interlaced ? PNG_PASS_START_COL(pass) : 0, step = is_interlaced ? PNG_PASS_COL_OFFSET(pass) : 1;
  size_t top = is_interlaced ? PNG_PASS_START_ROW(pass) : 0, down = is_interlaced ? PNG_PASS_ROW_OFFSET(pass) : 1;
  int is16 = png_get_bit_depth(r->png, r->info) == 16;
  // The library passes over a pass without pixels.
  if (columns == 0) return;
  for (size_t y = 0; y < rows; y++) {
    png_read_row(r->png, r->row, NULL);
    uint8_t *to = pixels + ((top + y * down) * width + left) * pixel_bytes(kind);
    store_row(kind, r->row, to, columns, step, is16, background);
  }
}

// Behind the caller's setjmp: sets the transformations and reads all rows.
static void read_rows(reader *r, output kind, const uint8_t *background, uint8_t *pixels, size_t capacity) {
  size_t width = png_get_image_width(r->png, r->info), height = png_get_image_height(r->png, r->info);
  int is16 = png_get_bit_depth(r->png, r->info) == 16;
  if (kind == indices) {
    png_set_packing(r->png);
  } else {
    png_set_expand(r->png);
    png_set_gray_to_rgb(r->png);
    png_set_add_alpha(r->png, 0xffff, PNG_FILLER_AFTER);
  }
  png_read_update_info(r->png, r->info);

  size_t row_bytes = png_get_rowbytes(r->png, r->info);
  size_t expected = kind == indices ? width : width * (is16 ? 8 : 4);
  if (row_bytes != expected || height == 0 || pixel_bytes(kind) * width > capacity / height)
    png_error(r->png, "unexpected size");
  r->row = malloc(row_bytes);
  if (!r->row) png_error(r->png, "no memory");
  int is_interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
  for (int pass = 0; pass < (is_interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1); pass++)
    read_pass(r, kind, background, pixels, pass);
  png_read_end(r->png, NULL);
}

static int decode(const uint8_t *bytes, cc_extent extent, cc_limits limits, output kind, const uint8_t *background,
                  uint8_t *pixels, size_t capacity, cc_report *report) {
  reader *r = begin(bytes, extent, limits, report);
  if (!r) return cc_fail(report, CC_NO_MEMORY, "no memory for a PNG reader");
  if (setjmp(r->jump)) {
    finish(r);
    return report->status;
  }
  read_header(r, limits);
  int type = png_get_color_type(r->png, r->info);
  if (kind == indices &&
      ((type != PNG_COLOR_TYPE_PALETTE && type != PNG_COLOR_TYPE_GRAY) || png_get_bit_depth(r->png, r->info) > 8)) {
    finish(r);
    return cc_fail(report, CC_UNSUPPORTED, "an index map must be a grey or palette PNG of up to 8 bits");
  }
  read_rows(r, kind, background, pixels, capacity);
  finish(r);
  return CC_OK;
}

int cc_png_rgba(const uint8_t *bytes, cc_extent extent, cc_limits limits, uint16_t *pixels, size_t capacity,
                cc_report *report) {
  return decode(bytes, extent, limits, wide_rgba, NULL, (uint8_t *)pixels, 2 * capacity, report);
}

int cc_png_rgb(const uint8_t *bytes, cc_extent extent, cc_limits limits, const uint8_t background[3], uint8_t *pixels,
               size_t capacity, cc_report *report) {
  return decode(bytes, extent, limits, rgb_over, background, pixels, capacity, report);
}

int cc_png_indices(const uint8_t *bytes, cc_extent extent, cc_limits limits, uint8_t *pixels, size_t capacity,
                   cc_report *report) {
  return decode(bytes, extent, limits, indices, NULL, pixels, capacity, report);
}
