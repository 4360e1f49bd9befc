namespace CudaRpc.Workloads.Models;

/// <summary>
/// Transformers: Vaswani et al., "Attention Is All You Need" (2017), sections 3.1 to 3.3, in the sizes of BERT base (Devlin et al. 2018, section 3)
/// and of the smallest GPT-2 (Radford et al. 2019, table 2).
/// </summary>
internal static class Transformer
{
    private const int Layers = 12, Width = 768, Heads = 12, Inner = 4 * Width, HeadWidth = Width / Heads;
    private const int BertVocabulary = 30522, BertPositions = 512, GptVocabulary = 50257, GptPositions = 1024;

    /// <summary>BERT base with a classifier of two classes behind its pooler.</summary>
    public static ModelShape Bert(int batch, int sequence, bool dropout)
    {
        var shape = new ModelShape { InputBytes = 3L * 8 * batch * sequence, OutputBytes = 4L * batch * 2 };
        double tokens = (double)batch * sequence;
        shape.Embed(tokens, Width, BertVocabulary);
        shape.Embed(tokens, Width, BertPositions);
        shape.Embed(tokens, Width, 2);
        shape.Elementwise("add", tokens * Width, 2);
        shape.Elementwise("add", tokens * Width, 2);
        shape.Normalise("layer_norm", tokens * Width, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            for (int part = 0; part < 3; part++)
            {
                shape.Linear("linear", tokens, Width, Width);
            }

            Attend(shape, batch, sequence, sequence, dropout);
            shape.Linear("linear", tokens, Width, Width);
            Residual(shape, tokens, dropout);
            shape.Normalise("layer_norm", tokens * Width, Width);
            FeedForward(shape, tokens);
            Residual(shape, tokens, dropout);
            shape.Normalise("layer_norm", tokens * Width, Width);
        }

        shape.Linear("linear", batch, Width, Width);
        shape.Elementwise("tanh", (double)batch * Width);
        shape.Linear("linear", batch, 2, Width);
        return shape;
    }

    /// <summary>GPT-2 over whole sequences, as it is trained.</summary>
    public static ModelShape Gpt2(int batch, int sequence, bool dropout)
    {
        var shape = new ModelShape { InputBytes = 2L * 8 * batch * sequence, OutputBytes = 4 };
        GptBody(shape, batch, sequence, sequence, dropout, cached: false);
        return shape;
    }

    /// <summary>GPT-2 making one token, with the keys and values of those before it kept.</summary>
    public static ModelShape Gpt2Token(int batch, int context)
    {
        var shape = new ModelShape { InputBytes = 0, OutputBytes = 8L * batch };
        GptBody(shape, batch, 1, context, dropout: false, cached: true);
        shape.Elementwise("argmax", (double)batch * GptVocabulary);
        return shape;
    }

    private static void GptBody(ModelShape shape, int batch, int queries, int keys, bool dropout, bool cached)
    {
        double tokens = (double)batch * queries;
        shape.Embed(tokens, Width, GptVocabulary);
        shape.Embed(tokens, Width, GptPositions);
        shape.Elementwise("add", tokens * Width, 2);
        for (int layer = 0; layer < Layers; layer++)
        {
            shape.Normalise("layer_norm", tokens * Width, Width);
            shape.Linear("linear", tokens, 3 * Width, Width);
            for (int part = 0; cached && part < 2; part++)
            {
                shape.Elementwise("concatenate", (double)batch * keys * Width);
            }

            Attend(shape, batch, queries, keys, dropout);
            shape.Linear("linear", tokens, Width, Width);
            Residual(shape, tokens, dropout);
            shape.Normalise("layer_norm", tokens * Width, Width);
            FeedForward(shape, tokens);
            Residual(shape, tokens, dropout);
        }

        shape.Normalise("layer_norm", tokens * Width, Width);
        // The table of the embedding once more.
        shape.Linear("linear", tokens, GptVocabulary, Width, bias: false, shared: true);
    }

    private static void Attend(ModelShape shape, int batch, int queries, int keys, bool dropout)
    {
        double scores = (double)batch * Heads * queries * keys;
        shape.Product("batched_product", batch * Heads, queries, keys, HeadWidth);
        shape.Elementwise("scale_mask", scores, 2);
        shape.Elementwise("softmax", scores);
        if (dropout)
        {
            shape.Elementwise("dropout", scores);
        }

        shape.Product("batched_product", batch * Heads, queries, HeadWidth, keys);
        shape.Elementwise("merge_heads", (double)batch * queries * Width);
    }

    private static void FeedForward(ModelShape shape, double tokens)
    {
        shape.Linear("linear", tokens, Inner, Width);
        shape.Elementwise("gelu", tokens * Inner);
        shape.Linear("linear", tokens, Width, Inner);
    }

    private static void Residual(ModelShape shape, double tokens, bool dropout)
    {
        if (dropout)
        {
            shape.Elementwise("dropout", tokens * Width);
        }

        shape.Elementwise("add", tokens * Width, 2);
    }
}
