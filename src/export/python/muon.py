"""Muon for the matrices of hidden layers, AdamW for embedding, head, norms and biases: one optimizer for the trainer."""


def muon_and_adamw(model):
    import torch

    class Together(torch.optim.Optimizer):
        """Two optimizers as one: each steps its own, a schedule sees the groups of both."""

        def __init__(self, parts):
            self.parts = parts
            super().__init__([group for part in parts for group in part.param_groups], {})

        def step(self, closure=None):
            loss = None if closure is None else closure()
            for part in self.parts:
                part.step()
            return loss

        def zero_grad(self, set_to_none=True):
            for part in self.parts:
                part.zero_grad(set_to_none)

        def state_dict(self):
            return {"parts": [part.state_dict() for part in self.parts]}

        def load_state_dict(self, state):
            for part, own in zip(self.parts, state["parts"], strict=True):
                part.load_state_dict(own)
            # Loading makes new groups.
            self.param_groups = [group for part in self.parts for group in part.param_groups]

    optimizer = RECIPE["optimizer"]
    decay, rate = optimizer["weightDecay"], JOB["learningRate"]
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    apart = {id(part.weight) for part in (model.get_input_embeddings(), model.get_output_embeddings()) if part is not None}
    is_hidden = lambda weight: weight.ndim == 2 and id(weight) not in apart
    hidden = [weight for weight in learning if is_hidden(weight)]
    rest = [weight for weight in learning if not is_hidden(weight)]
    groups = [
        {"params": [weight for weight in rest if weight.ndim > 1], "weight_decay": decay},
        {"params": [weight for weight in rest if weight.ndim == 1], "weight_decay": 0},
    ]
    groups = [group for group in groups if group["params"]]
    parts = []
    if hidden:
        momentum, adjust = optimizer["muonMomentum"], optimizer["adjustLearningRate"]
        parts.append(torch.optim.Muon(hidden, lr=rate, weight_decay=decay, momentum=momentum, adjust_lr_fn=adjust))
    if groups:
        betas = (optimizer["beta1"], optimizer["beta2"])
        other = optimizer["otherLearningRate"] or rate
        parts.append(torch.optim.AdamW(groups, lr=other, betas=betas, eps=optimizer["epsilon"]))
    return Together(parts)
