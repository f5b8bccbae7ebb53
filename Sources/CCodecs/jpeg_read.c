#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

#include "report.h"

typedef struct {
  struct jpeg_error_mgr errors;  // first, so that cinfo->err is the reader
  jmp_buf jump;
  struct jpeg_decompress_struct info;
  struct jpeg_progress_mgr progress;
  cc_report *report;
  cc_limits limits;
  uint64_t pixels;
  int ended;             // the data ended without the end marker
  int starved;           // a block of the picture missed bytes
  unsigned starved_row;  // the first row that may be wrong
  uint8_t *row;
} reader;

enum { max_warnings = 100 };

static reader *reader_of(j_common_ptr info) { return (reader *)info->err; }

static void stop(reader *r, int status, const char *text) {
  cc_fail(r->report, status, text);
  longjmp(r->jump, 1);
}

static void on_error(j_common_ptr info) {
  reader *r = reader_of(info);
  char text[JMSG_LENGTH_MAX], line[320];
  info->err->format_message(info, text);
  switch (info->err->msg_code) {
    case JERR_NO_BACKING_STORE:
    case JERR_OUT_OF_MEMORY:
      stop(r, CC_TOO_LARGE, "JPEG needs more memory than the limit allows");
      return;
    case JERR_BAD_PRECISION:
      snprintf(line, sizeof line, "%d-bit JPEG; only 8 bits are supported", info->err->msg_parm.i[0]);
      stop(r, CC_UNSUPPORTED, line);
      return;
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
      snprintf(line, sizeof line, "a kind of JPEG that is not supported (%s)", text);
      stop(r, CC_UNSUPPORTED, line);
      return;
    default:
      snprintf(line, sizeof line, r->ended ? "JPEG data end early (%s)" : "JPEG is damaged (%s)", text);
      stop(r, r->ended ? CC_TRUNCATED : CC_DAMAGED, line);
  }
}

static void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  reader *r = reader_of(info);
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  if (info->err->msg_code == JWRN_JPEG_EOF) r->ended = 1;
  if (info->err->msg_code == JWRN_HIT_MARKER && !r->starved) {
    r->starved = 1;
    r->starved_row = r->info.output_scanline;
  }
  info->err->num_warnings++;
  cc_warn(r->report, text);
  if (info->err->num_warnings >= max_warnings) {
    char line[320];
    snprintf(line, sizeof line, "JPEG has %d damaged spots (first: %s)", max_warnings, r->report->warning);
    stop(r, CC_DAMAGED, line);
  }
}

static void on_output(j_common_ptr info) { (void)info; }

static void on_progress(j_common_ptr info) {
  reader *r = reader_of(info);
  uint64_t scans = (uint64_t)r->info.input_scan_number;
  if (scans > (uint64_t)r->limits.max_scans || scans * r->pixels > r->limits.max_work) {
    char line[200];
    snprintf(line, sizeof line, "JPEG has %d scans or more of %llu pixels, over the limit of work",
             r->info.input_scan_number, (unsigned long long)r->pixels);
    stop(r, CC_TOO_LARGE, line);
  }
}

static reader *begin(cc_limits limits, cc_report *report) {
  memset(report, 0, sizeof *report);
  reader *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  r->report = report;
  r->limits = limits;
  r->info.err = jpeg_std_error(&r->errors);
  r->errors.error_exit = on_error;
  r->errors.emit_message = on_message;
  r->errors.output_message = on_output;
  return r;
}

static void finish(reader *r) {
  jpeg_destroy_decompress(&r->info);
  free(r->row);
  free(r);
}

// Behind the caller's setjmp.
static void read_header(reader *r, const uint8_t *bytes, size_t count) {
  jpeg_create_decompress(&r->info);
  r->info.mem->max_memory_to_use = (long)r->limits.max_memory;
  jpeg_mem_src(&r->info, (unsigned char *)bytes, count);
  jpeg_read_header(&r->info, TRUE);
  r->pixels = (uint64_t)r->info.image_width * r->info.image_height;
  r->progress.progress_monitor = on_progress;
  r->info.progress = &r->progress;
}

static void describe(reader *r, cc_header *header) {
  struct jpeg_decompress_struct *info = &r->info;
  header->width = info->image_width;
  header->height = info->image_height;
  header->depth = info->data_precision;
  header->components = info->num_components;
  header->is_arithmetic = info->arith_code;
  if (jpeg_has_multiple_scans(info))
    for (int c = 0; c < info->num_components; c++) {
      const jpeg_component_info *part = &info->comp_info[c];
      header->coefficients += (size_t)part->width_in_blocks * part->height_in_blocks * sizeof(JBLOCK);
    }
}

int cc_jpeg_header(const uint8_t *bytes, size_t count, cc_limits limits, cc_header *header, cc_report *report) {
  memset(header, 0, sizeof *header);
  reader *r = begin(limits, report);
  if (!r) return cc_fail(report, CC_NO_MEMORY, "no memory for a JPEG reader");
  if (!setjmp(r->jump)) {
    read_header(r, bytes, count);
    describe(r, header);
  }
  finish(r);
  return report->status;
}

uint32_t cc_jpeg_scaled(uint32_t size, int denominator) {
  return (size + (uint32_t)denominator - 1) / (uint32_t)denominator;
}

// CMYK becomes RGB; Adobe's files hold the inks inverted.
static void from_cmyk(const uint8_t *row, uint8_t *to, size_t width, int is_inverted) {
  for (size_t x = 0; x < width; x++)
    for (int c = 0; c < 3; c++) {
      uint32_t ink = row[4 * x + (size_t)c], black = row[4 * x + 3];
      if (!is_inverted) ink = 255 - ink, black = 255 - black;
      to[3 * x + (size_t)c] = (uint8_t)((ink * black + 127) / 255);
    }
}

// Behind the caller's setjmp.
static void read_rows(reader *r, int denominator, uint8_t *pixels, size_t capacity) {
  struct jpeg_decompress_struct *info = &r->info;
  int is_cmyk = info->num_components == 4;
  if (info->num_components != 1 && info->num_components != 3 && !is_cmyk) {
    char line[100];
    snprintf(line, sizeof line, "JPEG of %d components; 1, 3 and 4 are supported", info->num_components);
    stop(r, CC_UNSUPPORTED, line);
  }
  info->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  info->dct_method = JDCT_ISLOW;
  info->scale_num = 1;
  info->scale_denom = (unsigned)denominator;
  jpeg_start_decompress(info);
  size_t width = info->output_width, height = info->output_height;
  if (height == 0 || 3 * width > capacity / height) stop(r, CC_DAMAGED, "JPEG of an unexpected size");
  if (is_cmyk) {
    r->row = malloc(4 * width);
    if (!r->row) stop(r, CC_NO_MEMORY, "no memory for a row");
  }
  while (info->output_scanline < height) {
    uint8_t *to = pixels + 3 * width * info->output_scanline;
    JSAMPROW row = is_cmyk ? r->row : to;
    jpeg_read_scanlines(info, &row, 1);
    if (is_cmyk) from_cmyk(row, to, width, info->saw_Adobe_marker);
  }
  int has_all_in_one_scan = !info->progressive_mode && info->comps_in_scan == info->num_components;
  jpeg_finish_decompress(info);
  // Only the missing end marker of a single scan that is whole can be forgiven.
  if (r->starved || (r->ended && !has_all_in_one_scan)) {
    char line[100];
    if (has_all_in_one_scan)
      snprintf(line, sizeof line, "JPEG data end early, at row %u of %zu", r->starved_row, height);
    else
      snprintf(line, sizeof line, "JPEG data end early, in scan %d", info->input_scan_number);
    stop(r, CC_TRUNCATED, line);
  }
}

int cc_jpeg_rgb(const uint8_t *bytes, size_t count, cc_limits limits, int denominator, uint8_t *pixels,
                size_t capacity, cc_report *report) {
  reader *r = begin(limits, report);
  if (!r) return cc_fail(report, CC_NO_MEMORY, "no memory for a JPEG reader");
  if (!setjmp(r->jump)) {
    read_header(r, bytes, count);
    read_rows(r, denominator, pixels, capacity);
  }
  finish(r);
  return report->status;
}
