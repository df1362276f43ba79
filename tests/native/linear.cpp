// Convolution and dense kernels against their definitions in kernels.h, in double.
#include <algorithm>
#include <array>

#include "check.h"

namespace striate::tests {

using Box = std::array<int64_t, 3>;

// A convolution over an input that has its padding already.
struct Shape3 {
  Box in, kernel, stride, dilation;
  int64_t channels, filters;

  int64_t out(size_t axis) const { return (in[axis] - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis] + 1; }
  int64_t in_size() const { return in[0] * in[1] * in[2] * channels; }
  int64_t out_positions() const { return out(0) * out(1) * out(2); }
  int64_t rows() const { return kernel[0] * kernel[1] * kernel[2] * channels; }
  Positions positions() const {
    const int64_t row = in[2] * channels, plane = in[1] * row, out_row = out(2) * filters;
    return {out(0), out(1), out(2), stride[0] * plane, stride[1] * row, stride[2] * channels, out(1) * out_row, out_row, filters};
  }
  // The input offset of each row of the weights.
  std::vector<int64_t> taps() const {
    std::vector<int64_t> result;
    for (int64_t z = 0; z < kernel[0]; z++)
      for (int64_t y = 0; y < kernel[1]; y++)
        for (int64_t x = 0; x < kernel[2]; x++)
          for (int64_t c = 0; c < channels; c++)
            result.push_back(((z * dilation[0] * in[1] + y * dilation[1]) * in[2] + x * dilation[2]) * channels + c);
    return result;
  }
};

template <class Visit>  // visit(input offset, output offset, row) of each position
static void each_position(const Positions& p, Visit visit) {
  for (int64_t d = 0; d < p.depth; d++)
    for (int64_t y = 0; y < p.height; y++)
      for (int64_t x = 0; x < p.width; x++)
        visit(d * p.in_depth + y * p.in_row + x * p.in_column, d * p.out_depth + y * p.out_row + x * p.out_column, y);
}

static std::vector<double> reference(const Correlation& c, int lanes, const std::vector<float>& weights, bool transposed,
                                     const Lanes& input, const Lanes& output, const Lanes& gate) {
  std::vector<double> result = output.values();  // what lies between the outputs must stay
  each_position(c.positions, [&](int64_t in, int64_t out, int64_t row) {
    const Span* first = c.spans + (c.row_first ? c.row_first[row] : 0);
    const Span* last = c.spans + (c.row_last ? c.row_last[row] : c.span_count);
    for (int64_t f = 0; f < c.outputs; f++)
      for (int l = 0; l < lanes; l++) {
        double sum = c.bias ? static_cast<double>(c.bias[f]) : 0;
        for (const Span* s = first; s < last; s++)
          for (int64_t j = 0; j < s->length; j++) {
            const int64_t at = transposed ? s->weight + j + f * c.weight_step : (s->weight + j) * c.weight_step + f;
            sum += static_cast<double>(weights[static_cast<size_t>(at)]) * static_cast<double>(input(in + s->input + j, l));
          }
        if (c.relu) sum = std::max(sum, 0.0);
        if (c.gate && !(gate(out + f, l) > 0)) sum = 0;
        result[static_cast<size_t>((out + f) * lanes + l)] = sum;
      }
  });
  return result;
}

// One shape with any mixture of bias, relu, gate and parts; plain, packed and transposed.
static void test_correlation(const Kernels& k, const Shape3& s, bool extras, int64_t parts, Random& random) {
  const std::vector<int64_t> taps = s.taps();
  std::vector<Span> spans;  // the longest runs of adjacent taps
  for (size_t t = 0; t < taps.size(); t++)
    if (!spans.empty() && taps[t] == taps[t - 1] + 1)
      spans.back().length++;
    else
      spans.push_back({taps[t], static_cast<int64_t>(t), 1});
  const Lanes input(k, s.in_size(), random), gate(k, s.out_positions() * s.filters, random);
  const std::vector<float> bias = random.floats(s.filters), weights = random.floats(s.rows() * s.filters);
  Correlation c = {};
  c.input = input.data();
  c.positions = s.positions();
  c.spans = spans.data();
  c.span_count = static_cast<int64_t>(spans.size());
  c.outputs = s.filters;
  c.inputs = s.rows();
  c.bias = extras ? bias.data() : nullptr;
  c.gate = extras ? gate.data() : nullptr;
  c.relu = extras;
  c.parts = parts;
  std::vector<int32_t> firsts, lasts;  // some rows leave out their first span, some their last, some have none
  for (int64_t y = 0; y < c.positions.height; y++) {
    firsts.push_back(static_cast<int32_t>(random.below(2)));
    lasts.push_back(static_cast<int32_t>(std::max<int64_t>(firsts.back(), c.span_count - random.below(2))));
  }
  if (extras) c.row_first = firsts.data(), c.row_last = lasts.data();
  std::vector<float> packed(weights.size());
  for (int64_t part = 0; part < parts; part++)
    k.pack_weights(weights.data(), packed.data(), s.rows(), s.filters, s.filters, c.positions.width, part, parts);
  const struct {
    const char* name;
    bool packed, transposed;
  } forms[] = {{"plain", false, false}, {"packed", true, false}, {"transposed", false, true}};
  for (const auto& form : forms) {
    const Lanes output(k, s.out_positions() * s.filters);
    c.output = output.data();
    c.packed = form.packed;
    c.packed_width = c.positions.width;
    c.weights = form.packed ? packed.data() : weights.data();
    c.weight_step = form.transposed ? s.rows() : s.filters;
    const auto expected = reference(c, k.lanes, weights, form.transposed, input, output, gate);
    for (c.part = 0; c.part < parts; c.part++) (form.transposed ? k.correlate_transposed : k.correlate)(c);
    CHECK_CLOSE(text("correlation, %s, width %d, %d filters, %d of %d inputs", form.name, static_cast<int>(s.out(2)),
                     static_cast<int>(s.filters), static_cast<int>(s.channels), static_cast<int>(s.rows())),
                output.values(), expected, 1e-5);
  }
}

// Outputs that lie apart, as the phases of a strided input gradient do: nothing between them may be touched.
static void test_apart(const Kernels& k, Random& random) {
  constexpr int64_t width = 5, filters = 7, apart = 3 * filters;
  const Lanes input(k, width + 1, random), gate(k, 1), output(k, (width - 1) * apart + filters);
  const std::vector<float> weights = random.floats(2 * filters);
  const Span span = {0, 0, 2};
  Correlation c = {};
  c.input = input.data();
  c.output = output.data();
  c.weights = weights.data();
  c.positions = {1, 1, width, 0, 0, 1, 0, 0, apart};
  c.spans = &span;
  c.span_count = 1;
  c.outputs = filters;
  c.weight_step = filters;
  c.parts = 1;
  const auto expected = reference(c, k.lanes, weights, false, input, output, gate);
  k.correlate(c);
  CHECK_CLOSE("correlation with outputs apart", output.values(), expected, 1e-5);
}

// Both forms of the weight gradient for some packs, first written and then added to.
static void test_weight_gradient(const Kernels& k, const Shape3& s, int64_t packs, int64_t parts, Random& random) {
  constexpr int64_t gap = 3, beside = 2;  // between packs, and columns of other groups after each row
  const int64_t positions = s.out_positions(), step = s.filters + beside;
  const int64_t in_pack = s.in_size() + gap, out_pack = positions * s.filters + gap;
  const Lanes input(k, in_pack * packs - gap, random), dy(k, out_pack * packs - gap, random);
  const std::vector<int64_t> taps = s.taps();
  std::vector<int64_t> order(taps.size());
  for (size_t t = 0; t < order.size(); t++) order[t] = static_cast<int64_t>(t);

  WeightGradient g = {};
  g.input = input.data();
  g.output_gradient = dy.data();
  g.positions = s.positions();
  g.packs = packs;
  g.input_pack = in_pack * k.lanes;
  g.output_pack = out_pack * k.lanes;
  g.tap_input = taps.data();
  g.tap_row = order.data();
  g.taps = s.rows();
  g.outputs = s.filters;
  g.gradient_step = step;
  g.parts = parts;
  const Lanes rows(k, k.rows_room(g) / k.lanes);
  g.rows = rows.data();
  std::vector<double> once(static_cast<size_t>((s.rows() - 1) * step + s.filters));
  for (int64_t pack = 0; pack < packs; pack++)
    each_position(g.positions, [&](int64_t in, int64_t out, int64_t) {
      for (int64_t t = 0; t < g.taps; t++)
        for (int64_t f = 0; f < s.filters; f++)
          for (int l = 0; l < k.lanes; l++)
            once[static_cast<size_t>(t * step + f)] += static_cast<double>(input(pack * in_pack + in + taps[static_cast<size_t>(t)], l)) *
                                                       static_cast<double>(dy(pack * out_pack + out + f, l));
    });
  for (const bool by_rows : {false, true}) {
    std::vector<float> gradient(once.size(), -3.0f);
    g.gradient = gradient.data();
    for (const bool accumulate : {false, true}) {
      g.accumulate = accumulate;
      for (g.part = 0; g.part < parts; g.part++) (by_rows ? k.weight_gradient_by_rows : k.weight_gradient)(g);
      std::vector<double> expected(once.size());
      for (size_t i = 0; i < once.size(); i++)
        expected[i] = static_cast<int64_t>(i) % step >= s.filters ? -3 : accumulate ? 2 * once[i] : once[i];
      CHECK_CLOSE(text("weight gradient%s, %d taps, %d filters, %d packs, accumulate %d", by_rows ? " by rows" : "",
                       static_cast<int>(g.taps), static_cast<int>(s.filters), static_cast<int>(packs), accumulate),
                  doubles(gradient), expected, 1e-4);
    }
  }
}

static void test_bias_gradient(const Kernels& k, int64_t channels, Random& random) {
  constexpr int64_t packs = 3, positions = 5;
  const int64_t step = positions * channels + 2;
  const Lanes dy(k, packs * step - 2, random);
  std::vector<double> expected(static_cast<size_t>(channels), 0.5);
  for (int64_t i = 0; i < packs; i++)
    for (int64_t p = 0; p < positions; p++)
      for (int64_t c = 0; c < channels; c++)
        for (int l = 0; l < k.lanes; l++) expected[static_cast<size_t>(c)] += static_cast<double>(dy(i * step + p * channels + c, l));
  std::vector<float> gradient(expected.size(), 0.5f);
  k.bias_gradient(dy.data(), gradient.data(), packs, step * k.lanes, positions, channels, 0, channels, true);
  CHECK_CLOSE("bias gradient, added", doubles(gradient), expected, 1e-5);
  for (double& e : expected) e -= 0.5;
  k.bias_gradient(dy.data(), gradient.data(), packs, step * k.lanes, positions, channels, 0, channels, false);
  CHECK_CLOSE("bias gradient", doubles(gradient), expected, 1e-5);
}

void test_linear(const Kernels& k) {
  Random random(1);
  for (const int64_t width : {1, 2, 3, 4, 5, 7})
    for (const int64_t filters : {1, 2, 3, 5, 6, 7, 11, 12, 13, 16, 17, 33}) {
      const Shape3 s = {{1, 3, width + 1}, {1, 2, 2}, {1, 1, 1}, {1, 1, 1}, 3, filters};
      test_correlation(k, s, (width + filters) % 2 == 0, 1 + filters % 3, random);
    }
  test_correlation(k, {{3, 5, 7}, {2, 3, 2}, {1, 2, 3}, {1, 1, 2}, 2, 5}, true, 2, random);  // strides and dilation, three dimensions
  test_correlation(k, {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 1, 1}, false, 1, random);
  test_correlation(k, {{1, 1, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 70, 40}, true, 9, random);  // more parts than blocks
  test_apart(k, random);
  for (const int64_t filters : {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 49, 65, 70})
    for (const int64_t channels : {1, 3}) {
      const Shape3 s = {{1, 3, 4}, {1, 2, 3}, {1, 1, 1}, {1, 1, 1}, channels, filters};
      test_weight_gradient(k, s, 1 + filters % 3, 1 + filters % 4, random);
    }
  for (int64_t channels = 1; channels <= 17; channels++)  // every number of taps in a tile
    test_weight_gradient(k, {{1, 1, 2}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, channels, channels % 5 + 1}, 1, 1, random);
  test_weight_gradient(k, {{3, 5, 7}, {2, 3, 2}, {1, 2, 3}, {1, 1, 2}, 2, 5}, 2, 3, random);
  test_weight_gradient(k, {{3, 5, 7}, {2, 3, 2}, {1, 2, 3}, {1, 1, 2}, 1, 2 * k.lanes}, 2, 3, random);
  // So large that the images are taken in several chunks, of columns and of rows.
  test_weight_gradient(k, {{1, 1, 40}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 170, 30}, 2, 2, random);
  test_weight_gradient(k, {{2, 5, 12}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, 170, 30}, 1, 2, random);
  for (const int64_t channels : {1, 2, 7, 8, 9, 17}) test_bias_gradient(k, channels, random);
}

}  // namespace striate::tests
