#include <stdio.h>

#include <jpeglib.h>

#include "report.h"

typedef struct {
  struct jpeg_error_mgr errors;  // first, so that cinfo->err is the writer
  jmp_buf jump;
  struct jpeg_compress_struct info;
  cc_report *report;
  unsigned char *bytes;
  unsigned long count;
} writer;

static void on_error(j_common_ptr info) {
  writer *w = (writer *)info->err;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  cc_fail(w->report, CC_DAMAGED, text);
  longjmp(w->jump, 1);
}

static void on_output(j_common_ptr info) { (void)info; }

int cc_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t **encoded,
                   size_t *count, cc_report *report) {
  memset(report, 0, sizeof *report);
  *encoded = NULL;
  *count = 0;
  writer *w = calloc(1, sizeof *w);
  if (!w) return cc_fail(report, CC_NO_MEMORY, "no memory for a JPEG writer");
  w->report = report;
  w->info.err = jpeg_std_error(&w->errors);
  w->errors.error_exit = on_error;
  w->errors.output_message = on_output;
  if (!setjmp(w->jump)) {
    jpeg_create_compress(&w->info);
    jpeg_mem_dest(&w->info, &w->bytes, &w->count);
    w->info.image_width = width;
    w->info.image_height = height;
    w->info.input_components = 3;
    w->info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&w->info);
    jpeg_set_quality(&w->info, quality, TRUE);
    jpeg_start_compress(&w->info, TRUE);
    while (w->info.next_scanline < height) {
      JSAMPROW row = (JSAMPROW)(pixels + 3 * (size_t)width * w->info.next_scanline);
      jpeg_write_scanlines(&w->info, &row, 1);
    }
    jpeg_finish_compress(&w->info);
  }
  jpeg_destroy_compress(&w->info);
  if (report->status == CC_OK) {
    *encoded = w->bytes;
    *count = w->count;
  }
  // After an error w->bytes may be a block that libjpeg has freed already; it is left alone.
  free(w);
  return report->status;
}
