#include <png.h>

#include "report.h"

typedef struct {
  jmp_buf jump;
  const uint8_t *bytes;
  size_t count, position;
  size_t held, max_held;
  int ended, starved;
  cc_report *report;
  png_structp png;
  png_infop info;
  uint8_t *row;        // a row, or all rows of an interlaced picture
  png_bytep *rows;
} reader;

static void on_error(png_structp png, png_const_charp text) {
  reader *r = png_get_error_ptr(png);
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
  if (count > r->count - r->position) {
    r->ended = 1;
    r->position = r->count;
    png_error(png, "data end early");
  }
  memcpy(to, r->bytes + r->position, count);
  r->position += count;
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

static reader *begin(const uint8_t *bytes, size_t count, cc_limits limits, cc_report *report) {
  memset(report, 0, sizeof *report);
  reader *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  r->bytes = bytes;
  r->count = count;
  r->max_held = limits.max_memory;
  r->report = report;
  return r;
}

static void finish(reader *r) {
  if (r->png) png_destroy_read_struct(&r->png, &r->info, NULL);
  free(r->row);
  free(r->rows);
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

int cc_png_header(const uint8_t *bytes, size_t count, cc_limits limits, cc_header *header, cc_report *report) {
  memset(header, 0, sizeof *header);
  reader *r = begin(bytes, count, limits, report);
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
  header->is_palette = png_get_color_type(r->png, r->info) == PNG_COLOR_TYPE_PALETTE;
  header->is_interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
  finish(r);
  return CC_OK;
}

typedef enum { wide_rgba, rgb_over, indices } output;

static void store_row(output kind, const uint8_t *row, uint8_t *to, size_t width, int is16, const uint8_t *background) {
  if (kind == indices) {
    memcpy(to, row, width);
    return;
  }
  if (kind == wide_rgba) {
    uint16_t *wide = (uint16_t *)(void *)to;
    for (size_t i = 0; i < 4 * width; i++) wide[i] = is16 ? (uint16_t)(row[2 * i] << 8 | row[2 * i + 1]) : row[i];
    return;
  }
  for (size_t x = 0; x < width; x++, to += 3) {
    uint32_t pixel[4];
    for (int c = 0; c < 4; c++) {
      const uint8_t *s = is16 ? row + 8 * x + 2 * c : row + 4 * x + c;
      pixel[c] = is16 ? (((uint32_t)s[0] << 8 | s[1]) * 255 + 32895) >> 16 : *s;
    }
    for (int c = 0; c < 3; c++)
      to[c] = (uint8_t)((pixel[c] * pixel[3] + background[c] * (255 - pixel[3]) + 127) / 255);
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
  int passes = png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);

  size_t row_bytes = png_get_rowbytes(r->png, r->info);
  size_t expected = kind == indices ? width : width * (is16 ? 8 : 4);
  size_t stored = kind == indices ? width : kind == wide_rgba ? 8 * width : 3 * width;
  if (row_bytes != expected || height == 0 || stored > capacity / height) png_error(r->png, "unexpected size");
  size_t kept = passes > 1 ? height : 1;
  if (kept > 1 && row_bytes > r->max_held / kept) {
    r->starved = 1;
    png_error(r->png, "over the limit");
  }
  r->row = malloc(row_bytes * kept);
  if (!r->row) png_error(r->png, "no memory");
  if (passes > 1) {
    r->rows = malloc(height * sizeof *r->rows);
    if (!r->rows) png_error(r->png, "no memory");
    for (size_t y = 0; y < height; y++) r->rows[y] = r->row + y * row_bytes;
    png_read_image(r->png, r->rows);
  }
  for (size_t y = 0; y < height; y++) {
    if (passes == 1) png_read_row(r->png, r->row, NULL);
    store_row(kind, passes > 1 ? r->rows[y] : r->row, pixels + y * stored, width, is16, background);
  }
  png_read_end(r->png, NULL);
}

static int decode(const uint8_t *bytes, size_t count, cc_limits limits, output kind, const uint8_t *background,
                  uint8_t *pixels, size_t capacity, cc_report *report) {
  reader *r = begin(bytes, count, limits, report);
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

int cc_png_rgba(const uint8_t *bytes, size_t count, cc_limits limits, uint16_t *pixels, size_t capacity,
                cc_report *report) {
  return decode(bytes, count, limits, wide_rgba, NULL, (uint8_t *)pixels, 2 * capacity, report);
}

int cc_png_rgb(const uint8_t *bytes, size_t count, cc_limits limits, const uint8_t background[3], uint8_t *pixels,
               size_t capacity, cc_report *report) {
  return decode(bytes, count, limits, rgb_over, background, pixels, capacity, report);
}

int cc_png_indices(const uint8_t *bytes, size_t count, cc_limits limits, uint8_t *pixels, size_t capacity,
                   cc_report *report) {
  return decode(bytes, count, limits, indices, NULL, pixels, capacity, report);
}
