// The kernels as the rest of the engine sees them: a table of functions for each instruction set. See arguments.h.
#pragma once
#include "arguments.h"

namespace striate {

// The kernels, in the order of the table.
#define STRIATE_KERNELS(KERNEL) KERNEL(correlate) KERNEL(correlate_transposed) KERNEL(pack_weights) \
  KERNEL(weight_gradient) KERNEL(weight_gradient_by_rows) KERNEL(weight_gradient_of_rows) KERNEL(rows_room) KERNEL(row_length) KERNEL(bias_gradient) KERNEL(correlate_depthwise) \
  KERNEL(correlate_depthwise_transposed) KERNEL(weight_gradient_depthwise) KERNEL(outputs_per_block) \
  KERNEL(winograd_input) KERNEL(winograd_output) KERNEL(winograd_gradient_rows) KERNEL(winograd_weights) \
  KERNEL(winograd_weight_gradient) KERNEL(max_pool) \
  KERNEL(max_pool_backward) KERNEL(average_pool) KERNEL(average_pool_backward) KERNEL(moments) KERNEL(scale_shift) \
  KERNEL(norm_sums) KERNEL(norm_backward) KERNEL(activate) KERNEL(activate_backward) KERNEL(gate) KERNEL(softmax) \
  KERNEL(softmax_backward) KERNEL(sparsemax) KERNEL(sparsemax_backward) KERNEL(affine) KERNEL(add) \
  KERNEL(combine) KERNEL(combine_backward) KERNEL(contract) KERNEL(standardize) KERNEL(standardize_backward) \
  KERNEL(local_response) KERNEL(local_response_backward) KERNEL(parametric) KERNEL(parametric_backward) KERNEL(parameter_sums) \
  KERNEL(embed) KERNEL(embed_backward) KERNEL(penalty) \
  KERNEL(penalty_backward) KERNEL(draw_mask) KERNEL(apply_mask) KERNEL(draw_uniform) KERNEL(gaussian) KERNEL(warp) \
  KERNEL(warp_backward) KERNEL(adjust) KERNEL(adjust_backward) KERNEL(warp_image) KERNEL(gather) KERNEL(scatter) KERNEL(copy_box) KERNEL(select) KERNEL(select_backward) \
  KERNEL(resample) KERNEL(resample_backward) \
  KERNEL(fill_zero) KERNEL(lanes_to_rows) \
  KERNEL(loss) KERNEL(sum_gradients) KERNEL(penalty_sums) KERNEL(sum_of_squares) KERNEL(update) KERNEL(all_finite) \
  KERNEL(multiply_add_peak)

struct Kernels {
  const char* name;
  int lanes;
  int pair;  // positions that convolutions compute on at once, in one register

  void (*correlate)(const Correlation&);
  void (*correlate_transposed)(const Correlation&);
  void (*pack_weights)(const float* weights, float* packed, int64_t inputs, int64_t outputs, int64_t weight_step, int64_t width,
                       int64_t part, int64_t parts);
  void (*weight_gradient)(const WeightGradient&);
  void (*weight_gradient_by_rows)(const WeightGradient&);  // one group, output positions side by side
  void (*weight_gradient_of_rows)(const WeightGradient&);  // the same, on g.rows as they are
  int64_t (*rows_room)(const WeightGradient&);
  int64_t (*row_length)(int64_t outputs);
  void (*bias_gradient)(const float* output_gradient, float* gradient, int64_t packs, int64_t pack_step, int64_t positions,
                        int64_t channels, int64_t first, int64_t last, bool accumulate);

  // Each channel by itself: filter f sees channel f / multiplier.
  void (*correlate_depthwise)(const Correlation&);
  void (*correlate_depthwise_transposed)(const Correlation&);
  void (*weight_gradient_depthwise)(const WeightGradient&);
  int64_t (*outputs_per_block)(int64_t width);  // of packed weights
  // Winograd's F(4x4, 3x3), between which lie 36 correlations, or weight gradients by rows.
  void (*winograd_input)(const WinogradTiles&);            // of the first operand
  void (*winograd_output)(const WinogradTiles&);           // back to a map
  void (*winograd_gradient_rows)(const WinogradTiles&);    // for the weights' gradient
  void (*winograd_weights)(const WinogradWeights&);
  void (*winograd_weight_gradient)(const WinogradWeightGradient&);

  void (*max_pool)(const Pooling&);
  void (*max_pool_backward)(const Pooling&);
  void (*average_pool)(const Pooling&);
  void (*average_pool_backward)(const Pooling&);

  // Batch normalisation; sums are for the channels [first, last). moments: [2][channels] floats, this pack's mean and sum of squared deviations.
  void (*moments)(const float* input, int64_t positions, int64_t channels, int64_t first, int64_t last, int filled, float* moments);
  void (*scale_shift)(const float* input, float* output, int64_t positions, int64_t channels, const float* scale,
                      const float* shift, bool relu);
  // sums: [2][channels], sum of dy and of dy * (x - mean) * inverse_deviation
  void (*norm_sums)(const float* input, const float* output_gradient, int64_t positions, int64_t channels, int64_t first,
                    int64_t last, const float* mean, const float* inverse_deviation, float* sums);
  // dx = a dy + b x + c for each channel; rows a, b, c of `factors` [3][channels]; input null where b is zero
  void (*norm_backward)(const float* input, const float* output_gradient, float* input_gradient, int64_t positions,
                        int64_t channels, const float* factors, int filled);

  void (*activate)(const ActivationOptions&, const float* input, float* output, int64_t count);
  void (*activate_backward)(const ActivationOptions&, const float* input, const float* output, const float* output_gradient,
                            float* input_gradient, int64_t count);
  void (*gate)(float* gradient, const float* output, int64_t count);
  void (*softmax)(const float* input, float* output, int64_t positions, int64_t channels, bool logarithm);
  void (*softmax_backward)(const float* output, const float* output_gradient, float* input_gradient, int64_t positions,
                           int64_t channels, bool logarithm);
  void (*sparsemax)(const float* input, float* output, int64_t positions, int64_t channels);
  void (*sparsemax_backward)(const float* output, const float* output_gradient, float* input_gradient, int64_t positions,
                             int64_t channels);
  void (*affine)(const float* input, float* output, int64_t count, float scale, float offset);
  void (*add)(const float* a, const float* b, float* output, int64_t count);
  void (*combine)(const Combination&, float* output);
  // repeated: elements of the input occur more than once, so their gradients are added to what is there
  void (*combine_backward)(const Combination&, const float* output_gradient, float* input_gradient, bool second, bool repeated);
  void (*contract)(const Contraction&, const float* a, const float* b, float* output);
  void (*standardize)(const Standardization&, const float* input, float* output, float* inverse);
  void (*standardize_backward)(const Standardization&, const float* output, const float* inverse, const float* output_gradient,
                               float* input_gradient);
  void (*local_response)(const LocalResponse&, const float* input, float* output);
  void (*local_response_backward)(const LocalResponse&, const float* input, const float* output_gradient, float* input_gradient,
                                  float* work);
  void (*parametric)(const Parameters&, const float* input, float* output);
  void (*parametric_backward)(const Parameters&, const float* input, const float* output_gradient, float* input_gradient);
  void (*parameter_sums)(const ParameterSums&, const float* input, const float* output_gradient, float* gradient);
  void (*embed)(const float* input, const float* table, float* output, int64_t count, int64_t rows, int64_t width);
  void (*embed_backward)(const float* input, const float* output_gradient, float* gradient, int64_t count, int64_t rows,
                         int64_t width, int filled, int64_t first, int64_t last);
  void (*penalty)(const float* input, int64_t count, float l1, float l2, float* image_penalty);  // of every lane
  void (*penalty_backward)(const float* input, const float* output_gradient, float* input_gradient, int64_t count, float l1,
                           float l2, int filled);

  // Random numbers, four from each Philox call; an element's depend on the key and its own number alone.
  void (*draw_mask)(const RandomKey&, float rate, uint16_t* kept, int64_t count);  // bit l: whether lane l keeps the element
  void (*apply_mask)(const Masking&);
  void (*draw_uniform)(const RandomKey&, float* output, int64_t count);  // from 0 to below 1
  // y = x + deviation n, or x (1 + deviation n) if `scales`, n normal; the latter is its own gradient
  void (*gaussian)(const RandomKey&, const float* input, float* output, int64_t count, float deviation, bool scales);
  void (*warp)(const Warp&);
  void (*warp_backward)(const Warp&);  // input: the output's gradient; output: the input's
  void (*adjust)(const Adjustment&);
  void (*adjust_backward)(const Adjustment&);
  void (*warp_image)(const ImageWarp&);

  void (*gather)(const void* const* images, Pixel pixel, int filled, float* output, int64_t count, float scale, float offset);
  void (*scatter)(const float* input, float* const* images, int filled, int64_t count);
  void (*copy_box)(const float* input, float* output, int64_t depth, int64_t height, int64_t row, int64_t in_depth,
                   int64_t in_row, int64_t out_depth, int64_t out_row);
  // Of each position `count` chosen channels.
  void (*select)(const float* input, float* output, const int32_t* chosen, int64_t count, int64_t positions, int64_t channels);
  void (*select_backward)(const float* output_gradient, float* input_gradient, const int32_t* chosen, int64_t count,
                          int64_t positions, int64_t channels);
  void (*resample)(const Resampling&, const float* input, float* output);
  void (*resample_backward)(const Resampling&, const float* output_gradient, float* input_gradient);  // adds
  void (*fill_zero)(float* output, int64_t count);
  void (*lanes_to_rows)(const float* input, float* rows, int64_t positions, int64_t channels, int64_t row_length);

  void (*loss)(LossArguments&);

  void (*sum_gradients)(const float* const* slots, int64_t slot_count, const float* weights, float* gradient, int64_t count,
                        float l1, float l2);
  void (*penalty_sums)(const float* weights, int64_t count, double* absolute, double* squared);
  double (*sum_of_squares)(const float* values, int64_t count);
  void (*update)(const UpdateArguments&);
  bool (*all_finite)(const void* values, Pixel pixel, int64_t count);
  double (*multiply_add_peak)(double seconds);  // GFLOP/s of one thread, registers only
};

// The best table for this processor, or the one of that name; null when the processor cannot run it.
const Kernels* choose_kernels(const char* name);
// The table that serves a batch of so many images best: fewer lanes where most would stay empty.
const Kernels& kernels_for(const Kernels& widest, int64_t images);

}  // namespace striate
