using System.Numerics;
using System.Runtime.Intrinsics;
using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// tex, tld4 and txq. An instruction has too few operands for all that tex may have: the coordinates are those of the one before, which does
/// nothing itself. Nothing comes between the two, and a lane's operands are read before its results are written.
/// </summary>
internal static unsafe class TextureHandlers
{
    /// <summary>Carries operands for the instruction behind it.</summary>
    public static void Carry(Worker worker, Instruction* instruction, uint mask)
    {
    }

    /// <summary>tex: D0 to D3 from texture A. Coordinates in D0 to D3 of the carrier, the level in B, gradients in A, B, C of the carrier and B, C, E.</summary>
    public static void Sample(Worker worker, Instruction* instruction, uint mask)
    {
        TextureAccess access = TextureAccess.Unpack(instruction->Aux);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            TextureObject texture = Find(worker, instruction, lane);
            bool found = access.IsFetch
                ? Fetch(worker, instruction, lane, access, texture, out Vector128<uint> texel)
                : Filter(worker, instruction, lane, access, texture, out texel);
            Store(worker, instruction, lane, found, texel);
        }
    }

    /// <summary>tld4: one channel of four texels.</summary>
    public static void Gather(Worker worker, Instruction* instruction, uint mask)
    {
        TextureAccess access = TextureAccess.Unpack(instruction->Aux);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            TextureObject texture = Find(worker, instruction, lane);
            Vector3 place = Place(worker, instruction - 1, lane, access, out uint slice);
            if (access.IsCube)
            {
                var face = CubeFace.Of(place);
                (place, slice) = (new Vector3(face.Place, 0), (slice * 6) + face.Face);
            }

            bool found = TextureSampler.TryGather(worker.Launch.Memory, texture, new Vector2(place.X, place.Y), slice, access.Extra, out Vector128<uint> texel);
            Store(worker, instruction, lane, found, texel);
        }
    }

    /// <summary>txq and suq: what Extra says of the texture or surface A, at level B if there is one.</summary>
    public static void Query(Worker worker, Instruction* instruction, uint mask)
    {
        TextureAccess access = TextureAccess.Unpack(instruction->Aux);
        uint* d = (uint*)worker.Register(instruction->D0);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            ulong number = ((ulong*)worker.Operand(instruction->A))[lane];
            uint level = access.Detail == LevelOfDetail.Level ? ((uint*)worker.Operand(instruction->B))[lane] : 0;
            d[lane] = Query(worker, instruction, lane, number, (TextureQuery)access.Extra, level);
        }
    }

    private static uint Query(Worker worker, Instruction* instruction, int lane, ulong number, TextureQuery query, uint level)
    {
        TextureObject? texture = worker.Launch.Module.Textures.FindTexture(number);
        SurfaceObject? surface = texture is null ? worker.Launch.Module.Textures.FindSurface(number) : null;
        if (texture is null && surface is null)
        {
            Missing(worker, instruction, lane, number);
        }

        TexelImage image = texture is null ? surface!.Image : texture.Levels[Math.Min(level, (uint)texture.Levels.Length - 1)];
        return query switch
        {
            TextureQuery.Width => image.Width,
            TextureQuery.Height => image.Height,
            TextureQuery.Depth or TextureQuery.ArraySize => image.Slices,
            TextureQuery.Levels => (uint)(texture?.Levels.Length ?? 1),
            _ => texture?.Sampler.IsNormalized == true ? 1u : 0,
        };
    }

    private static bool Filter(
        Worker worker, Instruction* instruction, int lane, in TextureAccess access, TextureObject texture, out Vector128<uint> texel)
    {
        Vector3 place = Place(worker, instruction - 1, lane, access, out uint slice);
        float level = access.Detail switch
        {
            LevelOfDetail.Level => Operand(worker, instruction->B, lane),
            LevelOfDetail.Gradient => TextureSampler.LevelOf(
                texture,
                Vector(worker, (instruction - 1)->A, (instruction - 1)->B, (instruction - 1)->C, lane),
                Vector(worker, instruction->B, instruction->C, instruction->E, lane)),
            _ => 0,
        };
        if (access.IsCube)
        {
            var face = CubeFace.Of(place);
            // Places on a face are fractions of it, whatever the texture's own coordinates are.
            TexelImage image = texture.Levels[0];
            Vector2 on = texture.Sampler.IsNormalized ? face.Place : face.Place * new Vector2(image.Width, image.Height);
            (place, slice) = (new Vector3(on, 0), (slice * 6) + face.Face);
        }

        return TextureSampler.TrySample(worker.Launch.Memory, texture, place, access.Dimensions, slice, level, out texel);
    }

    private static bool Fetch(
        Worker worker, Instruction* instruction, int lane, in TextureAccess access, TextureObject texture, out Vector128<uint> texel)
    {
        Instruction* carrier = instruction - 1;
        int* place = &carrier->D0;
        int first = access.IsLayered ? 1 : 0;
        uint slice = access.IsLayered ? ((uint*)worker.Operand(place[0]))[lane] : 0;
        int x = ((int*)worker.Operand(place[first]))[lane];
        int y = access.Coordinates > 1 ? ((int*)worker.Operand(place[first + 1]))[lane] : 0;
        int z = access.Coordinates > 2 ? ((int*)worker.Operand(place[first + 2]))[lane] : 0;
        float level = access.Detail == LevelOfDetail.Level ? ((int*)worker.Operand(instruction->B))[lane] : 0;
        return TextureSampler.TryFetch(worker.Launch.Memory, texture, x, y, z, access.Dimensions, slice, level, out texel);
    }

    private static Vector3 Place(Worker worker, Instruction* carrier, int lane, in TextureAccess access, out uint slice)
    {
        int* place = &carrier->D0;
        slice = access.IsLayered ? ((uint*)worker.Operand(place[0]))[lane] : 0;
        place += access.IsLayered ? 1 : 0;
        return new Vector3(
            Operand(worker, place[0], lane),
            access.Coordinates > 1 ? Operand(worker, place[1], lane) : 0,
            access.Coordinates > 2 ? Operand(worker, place[2], lane) : 0);
    }

    private static Vector3 Vector(Worker worker, int x, int y, int z, int lane) =>
        new(Operand(worker, x, lane), Operand(worker, y, lane), Operand(worker, z, lane));

    private static float Operand(Worker worker, int operand, int lane) => ((float*)worker.Operand(operand))[lane];

    private static void Store(Worker worker, Instruction* instruction, int lane, bool found, Vector128<uint> texel)
    {
        if (!found)
        {
            worker.Fault(DeviceFaultKind.IllegalAddress, instruction, 1u << lane, "a texture whose memory was freed or cannot be accessed");
        }

        int* d = &instruction->D0;
        for (int channel = 0; channel < 4; channel++)
        {
            ((uint*)worker.Register(d[channel]))[lane] = texel[channel];
        }
    }

    private static TextureObject Find(Worker worker, Instruction* instruction, int lane)
    {
        ulong number = ((ulong*)worker.Operand(instruction->A))[lane];
        TextureObject? texture = worker.Launch.Module.Textures.FindTexture(number);
        if (texture is null)
        {
            Missing(worker, instruction, lane, number);
        }

        return texture;
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private static void Missing(Worker worker, Instruction* instruction, int lane, ulong number) =>
        worker.Fault(DeviceFaultKind.IllegalAddress, instruction, 1u << lane, $"0x{number:x} is no texture or surface of this context", number);
}

/// <summary>What txq and suq ask for.</summary>
internal enum TextureQuery
{
    Width,
    Height,
    Depth,
    ArraySize,
    Levels,
    IsNormalized,
}
