// Batch normalisation. In training its statistics need the whole batch: per-pack moments, then their combination in the
// order of the packs, then the map; the same once more backward.
#include <cmath>

#include "../builder.h"

namespace striate {

// Numbers of one layer and one batch, per channel.
struct NormState {
  std::vector<float> partial;                          // [pack][2][channels]
  std::vector<float> mean, variance, inverse_deviation;  // of the batch, or the moving ones
  std::vector<float> scale, shift, factors;
};

struct NormParameters {
  float *gamma = nullptr, *beta = nullptr, *moving_mean = nullptr, *moving_variance = nullptr;
  int gamma_index = -1, beta_index = -1;
};

static NormParameters norm_parameters(const Builder& b, const Node& n) {
  NormParameters p;
  size_t next = 0;
  const auto take = [&](int* index) {
    const int parameter = n.parameters[next++];
    if (index) *index = parameter;
    return b.graph.parameters[static_cast<size_t>(parameter)].value;
  };
  if (n.flag("scale")) p.gamma = take(&p.gamma_index);
  if (n.flag("center")) p.beta = take(&p.beta_index);
  p.moving_mean = take(nullptr);
  p.moving_variance = take(nullptr);
  return p;
}

static bool uses_batch(const Builder& b, const Node& n) { return b.purpose.training && !n.flag("frozen"); }

// Mean and variance of all packs' images, by the parallel formula of Chan, Golub and LeVeque, pack after pack.
static void combine(const Work& w, int64_t positions, int64_t channels, NormState& s) {
  for (int64_t c = channels * w.part / w.parts; c < channels * (w.part + 1) / w.parts; c++) {
    double count = 0, mean = 0, squares = 0;
    for (int64_t pack = 0; pack < w.batch.packs; pack++) {
      const float* moments = s.partial.data() + pack * 2 * channels;
      const double n = static_cast<double>(positions * w.filled(pack)), delta = static_cast<double>(moments[c]) - mean;
      squares += static_cast<double>(moments[channels + c]) + delta * delta * count * n / (count + n);
      mean += delta * n / (count + n);
      count += n;
    }
    s.mean[static_cast<size_t>(c)] = static_cast<float>(mean);
    s.variance[static_cast<size_t>(c)] = static_cast<float>(squares / count);
  }
}

// scale = gamma / sqrt(variance + epsilon), shift = beta - mean scale
static void find_map(const Work& w, int64_t channels, double epsilon, const NormParameters& p, NormState& s) {
  for (auto c = static_cast<size_t>(channels * w.part / w.parts); c < static_cast<size_t>(channels * (w.part + 1) / w.parts); c++) {
    const double inverse = 1 / std::sqrt(static_cast<double>(s.variance[c]) + epsilon);
    const double scale = (p.gamma ? static_cast<double>(p.gamma[c]) : 1.0) * inverse;
    s.inverse_deviation[c] = static_cast<float>(inverse);
    s.scale[c] = static_cast<float>(scale);
    s.shift[c] = static_cast<float>((p.beta ? static_cast<double>(p.beta[c]) : 0.0) - static_cast<double>(s.mean[c]) * scale);
  }
}

static std::shared_ptr<NormState> make_state(Builder& b, int index, int64_t channels) {
  auto s = std::make_shared<NormState>();
  for (auto* v : {&s->mean, &s->variance, &s->inverse_deviation, &s->scale, &s->shift}) v->resize(static_cast<size_t>(channels));
  s->factors.resize(static_cast<size_t>(3 * channels));
  b.plan.on_prepare([s, channels](int64_t packs) { s->partial.resize(static_cast<size_t>(packs * 2 * channels)); });
  return b.norm_states[index] = s;
}

void batch_norm_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), y = b.value(index);
  const int64_t channels = n.channels(), positions = n.size() / channels;
  const NormParameters p = norm_parameters(b, n);
  const double epsilon = n.number("epsilon");
  const auto s = make_state(b, index, channels);
  const bool batch = uses_batch(b, n);
  if (batch)
    b.plan.per_pack("moments", {x}, [=](const Work& w) {
      const Share share(w, channels);
      w.plan.kernels.moments(w.at(x), positions, channels, share.first, share.last, w.filled(), s->partial.data() + w.pack * 2 * channels);
    }, true);
  b.plan.whole_batch("batch statistics", {}, [=](const Work& w) {
    if (batch)
      combine(w, positions, channels, *s);
    else
      for (auto c = static_cast<size_t>(channels * w.part / w.parts); c < static_cast<size_t>(channels * (w.part + 1) / w.parts); c++) {
        s->mean[c] = p.moving_mean[c];
        s->variance[c] = p.moving_variance[c];
      }
    find_map(w, channels, epsilon, p, *s);
  });
  b.plan.per_pack("normalise", {x, y}, [=, with_relu = b.has_relu(index)](const Work& w) {
    const Share share(w, positions);
    const int64_t at = share.first * channels * w.plan.kernels.lanes;
    w.plan.kernels.scale_shift(w.at(x) + at, w.at(y) + at, share.count(), channels, s->scale.data(), s->shift.data(), with_relu);
  }, true);
  if (batch && b.purpose.parameter_gradients)
    b.after_step.push_back([=, momentum = n.number("momentum")] {
      for (size_t c = 0; c < static_cast<size_t>(channels); c++) {
        const auto move = [&](float& moving, float now) {
          moving = static_cast<float>(static_cast<double>(moving) * momentum + static_cast<double>(now) * (1 - momentum));
        };
        move(p.moving_mean[c], s->mean[c]);
        move(p.moving_variance[c], s->variance[c]);
      }
    });
}

// dgamma = sum dy xhat, dbeta = sum dy, and with g = gamma / deviation, N elements a channel:
// dx = g (dy - dbeta / N - xhat dgamma / N) = g dy - (g dgamma / (N deviation)) x + g (mean dgamma / (N deviation) - dbeta / N)
static void combine_backward(const Work& w, int64_t positions, int64_t channels, bool batch, NormState& s, float* dgamma, float* dbeta, bool add_gamma, bool add_beta) {
  const double count = static_cast<double>(positions * w.batch.count);
  for (int64_t c = channels * w.part / w.parts; c < channels * (w.part + 1) / w.parts; c++) {
    double plain = 0, weighted = 0;
    for (int64_t pack = 0; pack < w.batch.packs; pack++) {
      plain += static_cast<double>(s.partial[static_cast<size_t>(pack * 2 * channels + c)]);
      weighted += static_cast<double>(s.partial[static_cast<size_t>(pack * 2 * channels + channels + c)]);
    }
    const auto i = static_cast<size_t>(c), n = static_cast<size_t>(channels);
    if (dgamma) dgamma[i] = static_cast<float>(weighted) + (add_gamma ? dgamma[i] : 0.0f);
    if (dbeta) dbeta[i] = static_cast<float>(plain) + (add_beta ? dbeta[i] : 0.0f);
    const double g = static_cast<double>(s.scale[i]), slope = batch ? weighted / count * static_cast<double>(s.inverse_deviation[i]) : 0;
    s.factors[i] = static_cast<float>(g);
    s.factors[n + i] = static_cast<float>(-g * slope);
    s.factors[2 * n + i] = static_cast<float>(batch ? g * (static_cast<double>(s.mean[i]) * slope - plain / count) : 0);
  }
}

void batch_norm_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), dy = b.output_gradient(index);
  const int64_t channels = n.channels(), positions = n.size() / channels;
  const NormParameters p = norm_parameters(b, n);
  const auto s = b.norm_states.at(index);
  const bool batch = uses_batch(b, n);
  const auto wanted = [&](int parameter) { return parameter >= 0 && b.wants_gradient(b.graph.parameters[static_cast<size_t>(parameter)]); };
  const bool gamma = wanted(p.gamma_index), beta = wanted(p.beta_index);
  const bool add_gamma = gamma && b.claim(p.gamma_index, true), add_beta = beta && b.claim(p.beta_index, true);
  b.plan.per_pack("gradient sums", {x, dy}, [=](const Work& w) {
    const Share share(w, channels);
    w.plan.kernels.norm_sums(w.at(x), w.at(dy), positions, channels, share.first, share.last, s->mean.data(),
                             s->inverse_deviation.data(), s->partial.data() + w.pack * 2 * channels);
  }, true);
  b.plan.whole_batch("batch gradient", {}, [=, &b](const Work& w) {
    const auto slot = [&](bool has, int parameter) { return has ? b.gradients[static_cast<size_t>(parameter)].slot(0) : nullptr; };
    combine_backward(w, positions, channels, batch, *s, slot(gamma, p.gamma_index), slot(beta, p.beta_index), add_gamma, add_beta);
  });
  const int dx = b.input_gradient(index);
  if (dx < 0) return;
  b.plan.per_pack("norm backward", {x, dy, dx}, [=](const Work& w) {
    const Share share(w, positions);
    const int64_t at = share.first * channels * w.plan.kernels.lanes;
    w.plan.kernels.norm_backward(batch ? w.at(x) + at : nullptr, w.at(dy) + at, w.at(dx) + at, share.count(), channels,
                                 s->factors.data(), w.filled());
  }, true);
}

}  // namespace striate
