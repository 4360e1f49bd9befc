using CudaRpc.Simulator.Ptx.Syntax;

namespace CudaRpc.Simulator.Ptx.Compilation;

/// <summary>
/// The modifiers of one instruction, taken one by one by whoever compiles it. What nobody has taken in the end is not supported: so an
/// unknown modifier is a load error, never ignored.
/// </summary>
internal sealed class Modifiers(InstructionSyntax instruction)
{
    private readonly List<string> _left = [.. instruction.Modifiers];

    /// <summary>Takes <paramref name="word"/> if it is there.</summary>
    public bool Take(string word) => _left.Remove(word);

    /// <summary>Takes the first of <paramref name="words"/> that is there; "" if none is.</summary>
    public string TakeOneOf(params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (_left.Remove(word))
            {
                return word;
            }
        }

        return "";
    }

    /// <summary>Takes the next type.</summary>
    public PtxType TakeType()
    {
        for (int i = 0; i < _left.Count; i++)
        {
            if (PtxTypes.TryParse(_left[i], out PtxType type))
            {
                _left.RemoveAt(i);
                return type;
            }
        }

        throw new PtxException($"{instruction.FullOpcode} is not supported: it has no type", instruction.Line);
    }

    /// <summary>Takes all modifiers that start with <paramref name="prefix"/>.</summary>
    public bool TakePrefixed(string prefix) => _left.RemoveAll(word => word.StartsWith(prefix, StringComparison.Ordinal)) != 0;

    /// <summary>Ends the taking.</summary>
    /// <exception cref="PtxException">Some are left.</exception>
    public void Finish()
    {
        if (_left.Count != 0)
        {
            throw new PtxException($"{instruction.FullOpcode} is not supported: unknown modifier {_left[0]}", instruction.Line);
        }
    }
}
