#include <png.h>

#include "report.h"

typedef struct {
  jmp_buf jump;
  uint8_t *bytes;
  size_t count, capacity;
  cc_report *report;
  png_structp png;
  png_infop info;
} writer;

static void on_error(png_structp png, png_const_charp text) {
  writer *w = png_get_error_ptr(png);
  cc_fail(w->report, CC_DAMAGED, text);
  longjmp(w->jump, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  cc_warn(((writer *)png_get_error_ptr(png))->report, text);
}

static void on_write(png_structp png, png_bytep from, size_t count) {
  writer *w = png_get_io_ptr(png);
  if (count > w->capacity - w->count) {
    size_t capacity = (w->capacity + count) * 2;
    uint8_t *bytes = realloc(w->bytes, capacity);
    if (!bytes) png_error(png, "no memory");
    w->bytes = bytes;
    w->capacity = capacity;
  }
  memcpy(w->bytes + w->count, from, count);
  w->count += count;
}

static void on_flush(png_structp png) { (void)png; }

// Behind the caller's setjmp.
static void write_all(writer *w, const uint8_t *pixels, uint32_t width, uint32_t height, int components,
                      const uint8_t *palette, int palette_count, int compression) {
  png_set_write_fn(w->png, w, on_write, on_flush);
  png_set_user_limits(w->png, 0x7fffffff, 0x7fffffff);
  png_set_compression_level(w->png, compression);
  int type = components == 3 ? PNG_COLOR_TYPE_RGB : palette_count > 0 ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_GRAY;
  png_set_IHDR(w->png, w->info, width, height, 8, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (palette_count > 0) {
    png_color colors[256];
    for (int i = 0; i < palette_count && i < 256; i++)
      colors[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
    png_set_PLTE(w->png, w->info, colors, palette_count);
  }
  png_write_info(w->png, w->info);
  for (uint32_t y = 0; y < height; y++) png_write_row(w->png, pixels + (size_t)y * width * (size_t)components);
  png_write_end(w->png, w->info);
}

int cc_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int components, const uint8_t *palette,
                  int palette_count, int compression, uint8_t **encoded, size_t *count, cc_report *report) {
  memset(report, 0, sizeof *report);
  *encoded = NULL;
  *count = 0;
  writer *w = calloc(1, sizeof *w);
  if (!w) return cc_fail(report, CC_NO_MEMORY, "no memory for a PNG writer");
  w->report = report;
  w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, on_error, on_warning);
  w->info = w->png ? png_create_info_struct(w->png) : NULL;
  if (!w->info) {
    cc_fail(report, CC_NO_MEMORY, "no memory for a PNG writer");
  } else if (!setjmp(w->jump)) {
    write_all(w, pixels, width, height, components, palette, palette_count, compression);
  }
  if (w->png) png_destroy_write_struct(&w->png, &w->info);
  if (report->status == CC_OK) {
    *encoded = w->bytes;
    *count = w->count;
  } else {
    free(w->bytes);
  }
  free(w);
  return report->status;
}

void cc_free(uint8_t *encoded) { free(encoded); }
