using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace CudaRpc.Generator.Model;

/// <summary>A position in an input file.</summary>
/// <param name="File">Its path.</param>
/// <param name="Line">From 1; 0 for the file as a whole.</param>
/// <param name="Column">From 1.</param>
internal readonly record struct Place(string File, int Line, int Column)
{
    /// <summary>The place as Roslyn reports it.</summary>
    public Location ToLocation()
    {
        if (string.IsNullOrEmpty(File))
        {
            return Location.None;
        }

        LinePosition position = new(Math.Max(Line - 1, 0), Math.Max(Column - 1, 0));
        return Location.Create(File, default, new LinePositionSpan(position, position));
    }
}
