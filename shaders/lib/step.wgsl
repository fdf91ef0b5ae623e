// What changes from step to step; src/graph/step.ts writes these fields in this order.
struct Step {
  adapter_scale: f32,
  learning_rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  weight_decay: f32,
  correction1: f32,
  correction2: f32,
  max_norm: f32,
  loss_scale: f32,
  temperature: f32,
  seed: f32,
}
@group(0) @binding(20) var<uniform> step: Step;
