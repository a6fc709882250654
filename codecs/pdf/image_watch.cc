#include "codecs/pdf/image_watch.h"

namespace cbzfs {
namespace {

bool HasType3Font(fz_context* ctx, const fz_text* text) {
  for (const fz_text_span* span = text->head; span != nullptr; span = span->next) {
    if (fz_font_t3_procs(ctx, span->font) != nullptr) return true;
  }
  return false;
}

}  // namespace

// MuPDF may leave the device's functions by longjmp, so nothing here needs a destructor.
struct ImageWatch::Hooks {
  static Calls& Image(fz_context* ctx) {
    Of(ctx)->painted_ = true;
    return Of(ctx)->calls_;
  }

  static Calls& Text(fz_context* ctx, const fz_text* text) {
    if (!Of(ctx)->painted_) Of(ctx)->painted_ = HasType3Font(ctx, text);
    return Of(ctx)->calls_;
  }

  static void FillImage(fz_context* ctx, fz_device* device, fz_image* image, fz_matrix ctm,
                        float alpha, fz_color_params params) {
    Image(ctx).fill_image(ctx, device, image, ctm, alpha, params);
  }
  static void FillImageMask(fz_context* ctx, fz_device* device, fz_image* image, fz_matrix ctm,
                            fz_colorspace* space, const float* color, float alpha,
                            fz_color_params params) {
    Image(ctx).fill_image_mask(ctx, device, image, ctm, space, color, alpha, params);
  }
  static void ClipImageMask(fz_context* ctx, fz_device* device, fz_image* image, fz_matrix ctm,
                            fz_rect scissor) {
    Image(ctx).clip_image_mask(ctx, device, image, ctm, scissor);
  }
  static void FillText(fz_context* ctx, fz_device* device, const fz_text* text, fz_matrix ctm,
                       fz_colorspace* space, const float* color, float alpha,
                       fz_color_params params) {
    Text(ctx, text).fill_text(ctx, device, text, ctm, space, color, alpha, params);
  }
  static void StrokeText(fz_context* ctx, fz_device* device, const fz_text* text,
                         const fz_stroke_state* stroke, fz_matrix ctm, fz_colorspace* space,
                         const float* color, float alpha, fz_color_params params) {
    Text(ctx, text).stroke_text(ctx, device, text, stroke, ctm, space, color, alpha, params);
  }
  static void ClipText(fz_context* ctx, fz_device* device, const fz_text* text, fz_matrix ctm,
                       fz_rect scissor) {
    Text(ctx, text).clip_text(ctx, device, text, ctm, scissor);
  }
  static void ClipStrokeText(fz_context* ctx, fz_device* device, const fz_text* text,
                             const fz_stroke_state* stroke, fz_matrix ctm, fz_rect scissor) {
    Text(ctx, text).clip_stroke_text(ctx, device, text, stroke, ctm, scissor);
  }
};

ImageWatch::ImageWatch(fz_context* ctx) : ctx_(ctx) { fz_set_user_context(ctx, this); }

ImageWatch* ImageWatch::Of(fz_context* ctx) {
  return static_cast<ImageWatch*>(fz_user_context(ctx));
}

void ImageWatch::ForgetImages() {
  if (!painted_) return;
  fz_empty_store(ctx_);
  painted_ = false;
}

void ImageWatch::Watch(fz_device* device) {
  calls_ = {.fill_image = device->fill_image,
            .fill_image_mask = device->fill_image_mask,
            .clip_image_mask = device->clip_image_mask,
            .fill_text = device->fill_text,
            .stroke_text = device->stroke_text,
            .clip_text = device->clip_text,
            .clip_stroke_text = device->clip_stroke_text};
  device->fill_image = Hooks::FillImage;
  device->fill_image_mask = Hooks::FillImageMask;
  device->clip_image_mask = Hooks::ClipImageMask;
  device->fill_text = Hooks::FillText;
  device->stroke_text = Hooks::StrokeText;
  device->clip_text = Hooks::ClipText;
  device->clip_stroke_text = Hooks::ClipStrokeText;
}

}  // namespace cbzfs
